import { create, createFileRegistry, type Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_duration,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { ImportTableRequestSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { fc } from '../../mesh/properties.testing.ts';
import type { RpcError } from '../../mesh/rpc/error.ts';
import { type QueryRules, setQuery } from './query.ts';

const open: QueryRules = { taken: new Set(), isClosed: false, unknownParameters: 'refuse' };

const scalarTypes = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
  sfixed32: 15,
  sfixed64: 16,
  sint32: 17,
  sint64: 18,
} as const;
const messages = {
  time: '.google.protobuf.Timestamp',
  span: '.google.protobuf.Duration',
  wrapped: '.google.protobuf.Int64Value',
  inner: '.test.All',
} as const;

function allTypes() {
  const scalars = Object.entries(scalarTypes).map(([name, type], index) => {
    return { name: `${name}_field`, jsonName: `${name}Field`, number: index + 1, type, label: 1 } as const;
  });
  const composed = Object.entries(messages).map(([name, typeName], index) => {
    return { name, jsonName: name, number: index + 50, type: 11, typeName, label: 1 } as const;
  });
  const file = create(FileDescriptorProtoSchema, {
    name: 'all.proto',
    package: 'test',
    syntax: 'proto3',
    dependency: ['duration', 'timestamp', 'wrappers'].map((name) => `google/protobuf/${name}.proto`),
    enumType: [
      {
        name: 'Color',
        value: [
          { name: 'COLOR_UNSPECIFIED', number: 0 },
          { name: 'COLOR_RED', number: 1 },
        ],
      },
    ],
    messageType: [
      {
        name: 'All',
        field: [
          ...scalars,
          ...composed,
          { name: 'color', jsonName: 'color', number: 60, type: 14, typeName: '.test.Color', label: 1 },
          { name: 'many', jsonName: 'many', number: 61, type: 5, label: 3 },
          { name: 'either', jsonName: 'either', number: 62, type: 5, label: 1, oneofIndex: 0 },
          { name: 'or', jsonName: 'or', number: 63, type: 5, label: 1, oneofIndex: 0 },
        ],
        oneofDecl: [{ name: 'choice' }],
      },
    ],
  });
  const wkt = [file_google_protobuf_duration, file_google_protobuf_timestamp, file_google_protobuf_wrappers];
  const protos = new Map(wkt.map(({ proto }) => [proto.name, proto]));
  const desc = createFileRegistry(file, (name) => protos.get(name)).getMessage('test.All');
  if (!desc) throw new Error('no message');
  return desc;
}

const All = allTypes();

function read(query: string, rules = open, desc = All): Message & Record<string, unknown> {
  const target = reflect(desc);
  setQuery(target, query, rules);
  return target.message as Message & Record<string, unknown>;
}

function refusal(query: string, rules = open, desc = All): string {
  try {
    read(query, rules, desc);
  } catch (thrown) {
    expect((thrown as RpcError).reason).toBe(ErrorReason.INVALID_REQUEST);
    return (thrown as RpcError).message;
  }
  throw new Error('read');
}

describe('setQuery', () => {
  it.each([
    ['doubleField=1.5e3', { doubleField: 1500 }],
    ['double_field=NaN', { doubleField: Number.NaN }],
    ['floatField=-Infinity', { floatField: -Infinity }],
    ['int64Field=-9223372036854775808', { int64Field: -(2n ** 63n) }],
    ['uint64Field=18446744073709551615', { uint64Field: 2n ** 64n - 1n }],
    ['int32Field=-2147483648', { int32Field: -2147483648 }],
    ['uint32_field=4294967295', { uint32Field: 4294967295 }],
    ['sint64Field=1&sfixed32Field=2&fixed64Field=3', { sint64Field: 1n, sfixed32Field: 2, fixed64Field: 3n }],
    ['boolField=true', { boolField: true }],
    ['stringField=a%20b+c%26%C3%A9', { stringField: 'a b c&é' }],
    ['stringField', { stringField: '' }],
    ['bytesField=AP8', { bytesField: new Uint8Array([0, 255]) }],
    ['color=COLOR_RED', { color: 1 }],
    ['many=1&many=2&many=-3', { many: [1, 2, -3] }],
    ['time=1970-01-01T00:00:01Z', { time: { seconds: 1n, nanos: 0 } }],
    ['span=1.5s', { span: { seconds: 1n, nanos: 500_000_000 } }],
    ['wrapped=9007199254740993', { wrapped: 9007199254740993n }],
    ['inner.inner.int32_field=7&inner.many=1', { inner: { many: [1], inner: { int32Field: 7 } } }],
    ['&&int32Field=1&', { int32Field: 1 }],
    ['', {}],
  ])('reads %s', (query, expected) => {
    expect(read(query)).toMatchObject(expected);
  });

  it.each([
    ['nope=1', 'nope: there is no query parameter "nope"'],
    ['inner.nope=1', 'inner.nope: there is no query parameter "inner.nope"'],
    ['inner=1', 'inner: there is no query parameter "inner"'],
    ['int32Field.x=1', 'int32Field.x: there is no query parameter "int32Field.x"'],
    ['=1', ': there is no query parameter ""'],
    ['int32Field=1&int32_field=1', 'int32_field: is given twice'],
    ['int32Field=+1', 'int32Field: must be an integer'],
    ['int32Field=01', 'int32Field: must be an integer'],
    ['int32Field=1.0', 'int32Field: must be an integer'],
    ['int32Field=', 'int32Field: must be an integer'],
    ['int32Field=2147483648', 'int32Field: must be an integer of int32'],
    ['int64Field=9223372036854775808', 'int64Field: must be an integer of int64'],
    ['uint32Field=-1', 'uint32Field: must be an integer of uint32'],
    ['doubleField=0x10', 'doubleField: must be a number'],
    ['doubleField=1e999', 'doubleField: is out of the range of double'],
    ['floatField=1e39', 'floatField: is out of the range of float'],
    ['boolField=1', 'boolField: must be true or false'],
    ['bytesField=*', 'bytesField: must be base64'],
    ['color=1', 'color: must be one of COLOR_UNSPECIFIED, COLOR_RED'],
    ['time=yesterday', 'time: must be an RFC 3339 time such as "2026-01-02T03:04:05Z"'],
    ['span=1', 'span: must be a duration in seconds such as "1.5s"'],
    ['either=1&or=2', 'or: cannot be given beside either'],
    ['stringField=%zz', 'the query string is not percent-encoded UTF-8 at "%zz"'],
    ['stringField=%C3', 'the query string is not percent-encoded UTF-8 at "%C3"'],
  ])('refuses %s and names the parameter', (query, message) => {
    expect(refusal(query)).toBe(message);
  });

  it('refuses what the path or the body gives, and everything where the body is the whole message', () => {
    const rules = { ...open, taken: new Set(['graph_id', 'body']) };
    expect(refusal('graphId=x', rules, ImportTableRequestSchema)).toBe(
      'graphId: is given by the path or the body',
    );
    expect(refusal('body.contentType=x', rules, ImportTableRequestSchema)).toMatch(
      /by the path or the body$/,
    );
    expect(refusal('int32Field=1', { ...open, isClosed: true })).toMatch(/there is no query parameter/);
    expect(read('csv.delimiter=%7C&csv.header=true', rules, ImportTableRequestSchema)).toMatchObject({
      csv: { delimiter: '|', header: true },
    });
  });

  it('passes over unknown ones where it is told to', () => {
    expect(read('utm_source=x&int32Field=1', { ...open, unknownParameters: 'ignore' })).toMatchObject({
      int32Field: 1,
    });
  });

  it('reads or refuses any query as INVALID_REQUEST', () => {
    const name = fc.constantFrom(
      ...All.fields.map(({ jsonName }) => jsonName),
      'inner.time',
      'x',
      'inner.inner.many',
    );
    const value = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.constantFrom('%', '%41', '1', 'true', 'COLOR_RED'),
    );
    const pair = fc.tuple(name, value).map((parts) => parts.join('='));
    fc.assert(
      fc.property(fc.array(fc.oneof(pair, fc.string()), { maxLength: 4 }), (pairs) => {
        try {
          read(pairs.join('&'));
        } catch (thrown) {
          expect((thrown as RpcError).reason).toBe(ErrorReason.INVALID_REQUEST);
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
