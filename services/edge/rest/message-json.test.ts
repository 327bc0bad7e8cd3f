import { create, type DescMessage, type MessageInitShape, toBinary, toJson } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { Int64ValueSchema, StructSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import {
  ListTransfersRequestSchema,
  ListTransfersResponseSchema,
  type TransferKind,
} from '../../../gen/trellis/credit/v1/credit_pb.js';
import { GetGraphResponseSchema } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import {
  QueryRequestSchema,
  QueryResponseSchema,
  StreamQueryResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { CreateApiKeyRequestSchema } from '../../../gen/trellis/iam/v1/api_key_pb.js';
import { AcquireRequestSchema } from '../../../gen/trellis/ratelimit/v1/ratelimit_pb.js';
import { fc } from '../../mesh/properties.testing.ts';
import type { RpcError } from '../../mesh/rpc/error.ts';
import { readJsonInto } from './message-from-json.ts';
import { JsonWriter } from './message-to-json.ts';
import { parseJson } from './parse-json.ts';

const writer = new JsonWriter();

function read(desc: DescMessage, json: string) {
  const target = reflect(desc);
  readJsonInto(target, parseJson(Buffer.from(json)));
  return target.message;
}

function refusal(desc: DescMessage, json: string): string {
  try {
    read(desc, json);
  } catch (thrown) {
    expect((thrown as RpcError).reason).toBe(ErrorReason.MALFORMED_BODY);
    return (thrown as RpcError).message;
  }
  throw new Error('read');
}

function write<D extends DescMessage>(desc: D, init: MessageInitShape<D>): string {
  return writer.whole(desc, create(desc, init));
}

describe('JsonWriter', () => {
  it('writes rows as arrays and default values as they are', () => {
    const response: MessageInitShape<typeof QueryResponseSchema> = {
      columns: [{ name: 'p.name', type: 'STRING' }],
      rows: [
        {
          values: [
            { kind: { case: 'stringValue', value: 'Ada' } },
            { kind: { case: 'int64Value', value: 36n } },
          ],
        },
      ],
      rowCount: 1,
      elapsedMs: 0.4,
    };
    expect(write(QueryResponseSchema, response)).toBe(
      '{"columns":[{"name":"p.name","type":"STRING"}],"rows":[["Ada",36]],"rowCount":1,"elapsedMs":0.4,"revision":"","truncated":false}',
    );
    expect(write(QueryResponseSchema, {})).toBe(
      '{"columns":[],"rows":[],"rowCount":0,"elapsedMs":0,"revision":"","truncated":false}',
    );
  });

  it('writes of a stream only what each part brings', () => {
    const sparse = (init: MessageInitShape<typeof StreamQueryResponseSchema>) => {
      return writer.sparse(StreamQueryResponseSchema, create(StreamQueryResponseSchema, init));
    };
    expect(sparse({ columns: [{ name: 'a', type: 'INT64' }] })).toBe(
      '{"columns":[{"name":"a","type":"INT64"}]}',
    );
    expect(sparse({ rows: [{ values: [] }] })).toBe('{"rows":[[]]}');
    expect(sparse({ done: {} })).toBe(
      '{"done":{"rowCount":0,"elapsedMs":0,"revision":"","truncated":false}}',
    );
  });

  it('leaves out messages that are not set', () => {
    expect(write(GetGraphResponseSchema, {})).toBe('{}');
    expect(write(AcquireRequestSchema, { subject: { subject: { case: 'address', value: '::1' } } })).toBe(
      '{"subject":{"address":"::1","plan":""},"category":"LIMIT_CATEGORY_UNSPECIFIED","wants":0}',
    );
  });

  it('writes other messages like canonical protobuf JSON', () => {
    const message = create(ListTransfersResponseSchema, {
      transfers: [
        { transferId: 'trf_"1', amountMicros: 9007199254740993n, createTime: { seconds: 1n, nanos: 5000 } },
        { kind: 77 as TransferKind },
      ],
      nextPageToken: 'x',
    });
    expect(JSON.parse(writer.whole(ListTransfersResponseSchema, message))).toEqual(
      toJson(ListTransfersResponseSchema, message, { alwaysEmitImplicit: true }),
    );
  });

  it('writes 10,000 rows in well under a second', () => {
    const values = [
      { kind: { case: 'stringValue' as const, value: 'Ada Lovelace' } },
      { kind: { case: 'int64Value' as const, value: 36n } },
      { kind: { case: 'doubleValue' as const, value: 1.5 } },
      {
        kind: {
          case: 'timestampValue' as const,
          value: { sinceEpoch: 1_767_323_045_000_006n, precision: 3 },
        },
      },
      { kind: { case: 'boolValue' as const, value: true } },
    ];
    const message = create(QueryResponseSchema, { rows: Array.from({ length: 10_000 }, () => ({ values })) });
    const start = performance.now();
    expect(writer.whole(QueryResponseSchema, message).length).toBeGreaterThan(500_000);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('readJsonInto', () => {
  it('reads names in either case, numbers as strings, times and graph values', () => {
    const json =
      '{"statement":"RETURN $a","parameters":{"a":[1,null,"x"]},"timeout_ms":"5","atLeastRevision":null}';
    const values = [
      { kind: { case: 'int64Value' as const, value: 1n } },
      { kind: { case: 'nullValue' as const, value: 0 } },
      { kind: { case: 'stringValue' as const, value: 'x' } },
    ];
    const expected = create(QueryRequestSchema, {
      statement: 'RETURN $a',
      parameters: { a: { kind: { case: 'listValue', value: { values } } } },
      timeoutMs: 5,
    });
    expect(toBinary(QueryRequestSchema, read(QueryRequestSchema, json) as typeof expected)).toEqual(
      toBinary(QueryRequestSchema, expected),
    );
    expect(
      read(CreateApiKeyRequestSchema, '{"graphIds":["a","b"],"expireTime":"1970-01-01T00:00:01.5+00:00"}'),
    ).toMatchObject({
      graphIds: ['a', 'b'],
      expireTime: { seconds: 1n, nanos: 500_000_000 },
    });
    expect(read(AcquireRequestSchema, '{"category":"LIMIT_CATEGORY_AUTH","wants":1e1}')).toMatchObject({
      category: 1,
      wants: 10,
    });
  });

  it('reads well-known types of their own form', () => {
    expect(read(StructSchema, '{"fields":{}}')).toBeDefined();
    expect(refusal(Int64ValueSchema, '[]')).toBe('an object is expected, not an array');
  });

  it('keeps a parameter named __proto__', () => {
    const message = read(QueryRequestSchema, '{"parameters":{"__proto__":1}}') as ReturnType<
      typeof create<typeof QueryRequestSchema>
    >;
    expect(Object.keys(message.parameters)).toEqual(['__proto__']);
    expect(toBinary(QueryRequestSchema, message).byteLength).toBeGreaterThan(10);
  });

  it.each<[DescMessage, string, string]>([
    [QueryRequestSchema, '{"statment":"x"}', 'unknown field "statment"'],
    [QueryRequestSchema, '[]', 'an object is expected, not an array'],
    [QueryRequestSchema, 'null', 'an object is expected, not null'],
    [QueryRequestSchema, '{"statement":1}', 'statement: must be a string, not a number'],
    [QueryRequestSchema, '{"timeoutMs":-1}', 'timeoutMs: must be an integer of uint32'],
    [QueryRequestSchema, '{"timeoutMs":1.5}', 'timeoutMs: must be an integer of uint32'],
    [QueryRequestSchema, '{"timeoutMs":"x"}', 'timeoutMs: must be an integer of uint32, not a string'],
    [QueryRequestSchema, '{"timeoutMs":true}', 'timeoutMs: must be an integer, not a boolean'],
    [QueryRequestSchema, '{"timeoutMs":1,"timeout_ms":1}', 'the field "timeout_ms" is given twice'],
    [QueryRequestSchema, '{"parameters":[]}', 'parameters: an object is expected, not an array'],
    [CreateApiKeyRequestSchema, '{"graphIds":"a"}', 'graphIds: an array is expected, not a string'],
    [CreateApiKeyRequestSchema, '{"graphIds":["a",null]}', 'graphIds[1]: must be a string, not null'],
    [
      CreateApiKeyRequestSchema,
      '{"expireTime":"2026-02-30T00:00:00Z"}',
      'expireTime: must be an RFC 3339 time such as "2026-01-02T03:04:05Z"',
    ],
    [
      AcquireRequestSchema,
      '{"category":"AUTH"}',
      /^category: must be one of LIMIT_CATEGORY_UNSPECIFIED, .*, not a string$/ as never,
    ],
    [
      AcquireRequestSchema,
      '{"subject":{"address":"a","principalId":"b"}}',
      'subject: only one of "address" and "principalId" can be given',
    ],
    [AcquireRequestSchema, '{"subject":{"x":1}}', 'subject: unknown field "x"'],
  ])('%s refuses %s and says what and where', (desc, json, message) => {
    expect(refusal(desc, json)).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
  });

  it('reads or refuses any object as MALFORMED_BODY', () => {
    const name = fc.constantFrom('pageSize', 'page_token', 'pageToken', 'x', '__proto__');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.jsonValue()), { maxLength: 4 }), (members) => {
        const json = `{${members.map(([key, value]) => `"${key}":${JSON.stringify(value)}`).join(',')}}`;
        try {
          read(ListTransfersRequestSchema, json);
        } catch (thrown) {
          expect((thrown as RpcError).reason).toBe(ErrorReason.MALFORMED_BODY);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
