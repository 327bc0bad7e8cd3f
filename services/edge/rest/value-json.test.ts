import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { NullValue } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { QueryRequestSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import {
  Timestamp_Precision as Precision,
  type Value,
  ValueSchema,
} from '../../../gen/trellis/graph/v1/value_pb.js';
import { fc } from '../../mesh/properties.testing.ts';
import { RpcError } from '../../mesh/rpc/error.ts';
import { parseJson } from './parse-json.ts';
import { valueFromJson } from './value-from-json.ts';
import { valueToJson } from './value-to-json.ts';

type Kind = NonNullable<MessageInitShape<typeof ValueSchema>['kind']>;

function of(kind: Kind): Value {
  return create(ValueSchema, { kind });
}

function write(kind: Kind): string {
  return valueToJson(of(kind));
}

function read(text: string): Value {
  return valueFromJson(parseJson(Buffer.from(text)), 'parameters.p');
}

function refusal(text: string): string {
  try {
    read(text);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(RpcError);
    const { reason, message } = thrown as RpcError;
    expect(reason).toBe(ErrorReason.INVALID_REQUEST);
    return message;
  }
  throw new Error('read');
}

const text = (value: string): Kind => ({ case: 'stringValue', value });
const int = (value: bigint): Kind => ({ case: 'int64Value', value });
const micros = (sinceEpoch: bigint, precision = Precision.MICROSECONDS): Kind => {
  return { case: 'timestampValue', value: { sinceEpoch, precision } };
};
const field = (name: string, kind: Kind) => ({ name, value: { kind } });
const person = { id: { table: 0n, offset: 12n }, label: 'Person' };

describe('valueToJson', () => {
  it.each<[Kind, string]>([
    [{ case: 'nullValue', value: NullValue.NULL_VALUE }, 'null'],
    [{ case: 'boolValue', value: false }, 'false'],
    [int(9007199254740991n), '9007199254740991'],
    [int(-9007199254740992n), '"-9007199254740992"'],
    [int(9223372036854775807n), '"9223372036854775807"'],
    [{ case: 'uint64Value', value: 18446744073709551615n }, '"18446744073709551615"'],
    [{ case: 'int128Value', value: '7' }, '"7"'],
    [{ case: 'floatValue', value: Math.fround(0.1) }, '0.1'],
    [{ case: 'floatValue', value: Math.fround(16777217) }, '16777216.0'],
    [{ case: 'doubleValue', value: 36 }, '36.0'],
    [{ case: 'doubleValue', value: -0 }, '-0.0'],
    [{ case: 'doubleValue', value: 1e21 }, '1e+21'],
    [{ case: 'doubleValue', value: Number.NaN }, '"NaN"'],
    [{ case: 'doubleValue', value: -Infinity }, '"-Infinity"'],
    [{ case: 'decimalValue', value: '12.340' }, '"12.340"'],
    [text('a"\u2028'), '"a\\"\u2028"'],
    [{ case: 'bytesValue', value: new Uint8Array([0, 255]) }, '"AP8="'],
    [{ case: 'dateValue', value: 18263 }, '"2020-01-02"'],
    [{ case: 'dateValue', value: -719_529 }, '"-000001-12-31"'],
    [{ case: 'dateValue', value: 2_932_897 }, '"+010000-01-01"'],
    [
      { case: 'uuidValue', value: '0b5e8f7c-0000-4000-8000-000000000000' },
      '"0b5e8f7c-0000-4000-8000-000000000000"',
    ],
    [micros(1_767_323_045_000_000n), '"2026-01-02T03:04:05Z"'],
    [micros(1_767_323_045_000_006n), '"2026-01-02T03:04:05.000006Z"'],
    [micros(1_767_323_045_600_000n), '"2026-01-02T03:04:05.600Z"'],
    [micros(-1n), '"1969-12-31T23:59:59.999999Z"'],
    [micros(1_767_323_045_000_000_001n, Precision.NANOSECONDS), '"2026-01-02T03:04:05.000000001Z"'],
    [micros(1_767_323_045_001n, Precision.MILLISECONDS), '"2026-01-02T03:04:05.001Z"'],
    [micros(1_767_323_045n, Precision.SECONDS), '"2026-01-02T03:04:05Z"'],
    [micros(0n, Precision.UNSPECIFIED), '"1970-01-01T00:00:00Z"'],
    [
      { case: 'intervalValue', value: { months: 14, days: 3, micros: 14_706_500_000n } },
      '"P1Y2M3DT4H5M6.5S"',
    ],
    [{ case: 'intervalValue', value: { months: -1, days: 2, micros: -1n } }, '"P-1M2DT-0.000001S"'],
    [{ case: 'intervalValue', value: {} }, '"PT0S"'],
    [{ case: 'internalIdValue', value: { table: 1n, offset: 2n } }, '"1:2"'],
    [{ case: 'listValue', value: { values: [{ kind: int(1n) }, { kind: text('a') }] } }, '[1,"a"]'],
  ])('writes %o as %s', (kind, expected) => {
    expect(write(kind)).toBe(expected);
    expect(() => JSON.parse(expected)).not.toThrow();
  });

  it('writes struct members in order, names that objects would move or swallow included', () => {
    const fields = [field('b', int(1n)), field('1', int(2n)), field('__proto__', int(3n))];
    expect(write({ case: 'structValue', value: { fields } })).toBe('{"b":1,"1":2,"__proto__":3}');
  });

  it('writes a map as an object where all keys are distinct strings, and as pairs otherwise', () => {
    const map = (...pairs: [Kind, Kind][]) => {
      const entries = pairs.map(([key, value]) => ({ key: { kind: key }, value: { kind: value } }));
      return write({ case: 'mapValue', value: { entries } });
    };
    expect(map([text('a'), int(1n)], [text('b'), int(2n)])).toBe('{"a":1,"b":2}');
    expect(map([text('a'), int(1n)], [text('a'), int(2n)])).toBe('[["a",1],["a",2]]');
    expect(map([int(1n), text('x')], [int(2n), text('y')])).toBe('[[1,"x"],[2,"y"]]');
    expect(map([text('1'), int(1n)], [int(1n), int(2n)])).toBe('[["1",1],[1,2]]');
    expect(map()).toBe('{}');
  });

  it('writes a node with its id and label, and loses no property that is named like them', () => {
    const properties = [
      field('name', text('Ada')),
      field('_id', int(1n)),
      field('__id', int(2n)),
      field('_x', int(3n)),
    ];
    expect(write({ case: 'nodeValue', value: { ...person, properties } })).toBe(
      '{"_id":"0:12","_label":"Person","name":"Ada","__id":1,"___id":2,"_x":3}',
    );
  });

  it('writes a relationship with its ends and a path with its parts', () => {
    const relationship = {
      id: { table: 3n, offset: 4n },
      label: 'Knows',
      source: person.id,
      destination: { table: 0n, offset: 13n },
      properties: [field('since', { case: 'dateValue', value: 0 })],
    };
    const relationshipJson =
      '{"_id":"3:4","_label":"Knows","_src":"0:12","_dst":"0:13","since":"1970-01-01"}';
    expect(write({ case: 'relationshipValue', value: relationship })).toBe(relationshipJson);
    expect(write({ case: 'pathValue', value: { nodes: [person], relationships: [relationship] } })).toBe(
      `{"nodes":[{"_id":"0:12","_label":"Person"}],"relationships":[${relationshipJson}]}`,
    );
  });

  it('writes all moments that the wire can carry', () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(int64, fc.constantFrom(1, 2, 3, 4), (sinceEpoch, precision) => {
        expect(write(micros(sinceEpoch, precision))).toMatch(
          /^"([+-]\d{6,}|\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"$/,
        );
      }),
      { seed: 1, numRuns: 300 },
    );
    const dateRange = fc.integer({ min: -8_640_000_000_000, max: 8_640_000_000_000 });
    fc.assert(
      fc.property(dateRange, (ms) => {
        const expected = JSON.stringify(new Date(ms).toISOString().replace('.000Z', 'Z'));
        expect(write(micros(BigInt(ms), Precision.MILLISECONDS))).toBe(expected);
      }),
      { seed: 2, numRuns: 1000 },
    );
  });

  it('refuses a value without a kind', () => {
    expect(() => valueToJson(create(ValueSchema))).toThrow();
  });
});

describe('valueFromJson', () => {
  it.each<[string, Kind]>([
    ['1', int(1n)],
    ['-0', int(0n)],
    ['9223372036854775807', int(9223372036854775807n)],
    ['9223372036854775808', { case: 'uint64Value', value: 9223372036854775808n }],
    ['-9223372036854775809', { case: 'int128Value', value: '-9223372036854775809' }],
    ['18446744073709551616', { case: 'int128Value', value: '18446744073709551616' }],
    ['1.0', { case: 'doubleValue', value: 1 }],
    ['1e2', { case: 'doubleValue', value: 100 }],
    ['"2020-01-02"', text('2020-01-02')],
    ['{"$type":"INT8","value":-128}', int(-128n)],
    ['{"$type":"int64","value":"9007199254740993"}', int(9007199254740993n)],
    ['{"$type":"SERIAL","value":3}', int(3n)],
    [
      '{"$type":"UINT64","value":18446744073709551615}',
      { case: 'uint64Value', value: 18446744073709551615n },
    ],
    ['{"$type":"INT128","value":1e3}', { case: 'int128Value', value: '1000' }],
    ['{"$type":"DOUBLE","value":1}', { case: 'doubleValue', value: 1 }],
    ['{"$type":"DOUBLE","value":"NaN"}', { case: 'doubleValue', value: Number.NaN }],
    ['{"$type":"FLOAT","value":"-Infinity"}', { case: 'floatValue', value: -Infinity }],
    ['{"$type":"DECIMAL","value":"0012.340"}', { case: 'decimalValue', value: '12.340' }],
    ['{"$type":"DECIMAL(18, 3)","value":1.5}', { case: 'decimalValue', value: '1.500' }],
    ['{"$type":"DECIMAL(3,2)","value":"-.5"}', { case: 'decimalValue', value: '-0.50' }],
    ['{"$type":"DATE","value":"2020-01-02"}', { case: 'dateValue', value: 18263 }],
    ['{"$type":"TIMESTAMP","value":"2026-01-02T03:04:05Z"}', micros(1_767_323_045_000_000n)],
    ['{"$type":"TIMESTAMP","value":"2026-01-02T03:04:05.000006"}', micros(1_767_323_045_000_006n)],
    ['{"$type":"TIMESTAMP","value":"2026-01-02T05:04:05+02:00"}', micros(1_767_323_045_000_000n)],
    [
      '{"$type":"TIMESTAMP_TZ","value":"2026-01-02T03:04:05-00:30"}',
      {
        case: 'timestampValue',
        value: { sinceEpoch: 1_767_324_845_000_000n, precision: 3, withTimeZone: true },
      },
    ],
    ['{"$type":"TIMESTAMP_NS","value":"1969-12-31T23:59:59.999999999Z"}', micros(-1n, Precision.NANOSECONDS)],
    ['{"$type":"TIMESTAMP_SEC","value":"1970-01-01T00:00:01Z"}', micros(1n, Precision.SECONDS)],
    ['{"$type":"INTERVAL","value":"-P1W"}', { case: 'intervalValue', value: { days: -7 } }],
    [
      '{"$type":"UUID","value":"0B5E8F7C-0000-4000-8000-000000000000"}',
      { case: 'uuidValue', value: '0b5e8f7c-0000-4000-8000-000000000000' },
    ],
    ['{"$type":"BLOB","value":"AP8="}', { case: 'bytesValue', value: new Uint8Array([0, 255]) }],
    ['{"$type":"STRING","value":"1"}', text('1')],
    ['{"$type":"DATE","value":null}', { case: 'nullValue', value: NullValue.NULL_VALUE }],
    [
      '{"$type":"STRUCT","value":{"$type":"x"}}',
      { case: 'structValue', value: { fields: [field('$type', text('x'))] } },
    ],
    [
      '{"$type":"INT64[]","value":[1,"2",null]}',
      {
        case: 'listValue',
        value: {
          values: [int(1n), int(2n), { case: 'nullValue' as const, value: 0 }].map((kind) => ({ kind })),
        },
      },
    ],
    [
      '{"$type":"MAP","value":[[1,{"$type":"DATE","value":"1970-01-02"}]]}',
      {
        case: 'mapValue',
        value: { entries: [{ key: { kind: int(1n) }, value: { kind: { case: 'dateValue', value: 1 } } }] },
      },
    ],
    [
      '{"$type":"MAP(STRING, DOUBLE)","value":{"a":1}}',
      {
        case: 'mapValue',
        value: {
          entries: [{ key: { kind: text('a') }, value: { kind: { case: 'doubleValue', value: 1 } } }],
        },
      },
    ],
  ])('reads %s', (json, kind) => {
    expect(toBinary(ValueSchema, read(json))).toEqual(toBinary(ValueSchema, of(kind)));
  });

  it.each([
    [
      '[1,[{"$type":"DATE","value":"2020-02-30"}]]',
      'parameters.p[1][0].value: must be a date such as "2020-01-02"',
    ],
    ['{"a b":{"$type":"INT8","value":128}}', 'parameters.p["a b"].value: must be an integer of INT8'],
    [
      '{"$type":"INT64"}',
      'parameters.p: a typed value is {"$type": "<engine type>", "value": …} and nothing else',
    ],
    [
      '{"$type":"INT64","value":1,"x":1}',
      'parameters.p: a typed value is {"$type": "<engine type>", "value": …} and nothing else',
    ],
    ['{"$type":"INT65","value":"1"}', 'parameters.p.value: cannot be a parameter of type INT65'],
    ['{"$type":"INT64[","value":[]}', 'parameters.p.$type: "INT64[" is not an engine type'],
    ['{"$type":"NODE","value":"1"}', 'parameters.p.value: cannot be a parameter of type NODE'],
    ['{"$type":"INT64","value":1.5}', 'parameters.p.value: must be an integer of INT64'],
    ['{"$type":"UINT8","value":-1}', 'parameters.p.value: must be an integer of UINT8'],
    ['{"$type":"FLOAT","value":1e39}', 'parameters.p.value: is out of the range of float'],
    [
      '{"$type":"DOUBLE","value":"1"}',
      'parameters.p.value: must be a number, "NaN", "Infinity" or "-Infinity"',
    ],
    [
      '{"$type":"DECIMAL(5, 2)","value":"1.234"}',
      'parameters.p.value: has more than 2 digits after the point',
    ],
    ['{"$type":"DECIMAL(5, 2)","value":"1234"}', 'parameters.p.value: has more than 5 digits'],
    ['{"$type":"DECIMAL","value":"1e5"}', 'parameters.p.value: must be decimal digits such as "12.340"'],
    [
      '{"$type":"TIMESTAMP","value":"2026-01-02T03:04:05.0000001Z"}',
      'parameters.p.value: is more precise than TIMESTAMP',
    ],
    [
      '{"$type":"TIMESTAMP_TZ","value":"2026-01-02T03:04:05"}',
      'parameters.p.value: must be an RFC 3339 time such as "2026-01-02T03:04:05Z"',
    ],
    [
      '{"$type":"TIMESTAMP","value":"2026-01-02T24:00:00Z"}',
      'parameters.p.value: must be an RFC 3339 time such as "2026-01-02T03:04:05Z"',
    ],
    [
      '{"$type":"TIMESTAMP_NS","value":"9999-01-01T00:00:00Z"}',
      'parameters.p.value: is out of the range of TIMESTAMP_NS',
    ],
    [
      '{"$type":"INTERVAL","value":"P"}',
      'parameters.p.value: must be an ISO 8601 duration such as "P1Y2M3DT4H5M6.5S"',
    ],
    [
      '{"$type":"INTERVAL","value":"P3000000000D"}',
      'parameters.p.value: must be an ISO 8601 duration such as "P1Y2M3DT4H5M6.5S"',
    ],
    ['{"$type":"BLOB","value":"a"}', 'parameters.p.value: must be base64'],
    [
      '{"$type":"UUID","value":"x"}',
      'parameters.p.value: must be a UUID such as "0b5e8f7c-…" with 36 characters',
    ],
    ['{"$type":"INT64[2]","value":[1]}', 'parameters.p.value: must have 2 elements, not 1'],
    ['{"$type":"MAP","value":[[null,1]]}', 'parameters.p.value[0][0]: a key cannot be null'],
    ['{"$type":"MAP","value":[[1]]}', 'parameters.p.value[0]: must be a [key, value] pair'],
    ['{"$type":"STRUCT(a INT64)","value":{}}', 'parameters.p.value: the field "a" is missing'],
    ['{"$type":"STRUCT(a INT64)","value":{"a":1,"b":2}}', 'parameters.p.value: the type has no field "b"'],
    ['1e999', 'parameters.p: is out of the range of DOUBLE'],
    ['9'.repeat(40), 'parameters.p: is an integer beyond INT128'],
    ['9'.repeat(100_000), 'parameters.p: is an integer beyond INT128'],
  ])('refuses %.60s and says where and why', (json, message) => {
    expect(refusal(json)).toBe(message);
  });

  it('refuses what is nested deeper than protobuf parsers follow, and takes the deepest below that', () => {
    const nested = (levels: number) =>
      '{"$type":"MAP","value":[[1,'.repeat(levels) + 1 + ']]}'.repeat(levels);
    const parameters = { p: read(nested(31)) };
    const bytes = toBinary(QueryRequestSchema, create(QueryRequestSchema, { parameters }));
    expect(() => fromBinary(QueryRequestSchema, bytes)).not.toThrow();
    expect(refusal(nested(32))).toMatch(/is nested deeper than 32 levels$/);
    expect(refusal('['.repeat(40) + ']'.repeat(40))).toMatch(/is nested deeper than 32 levels$/);
  });
});

/** A value with the name of its column's type. */
interface Typed {
  readonly type: string;
  readonly kind: Kind;
}

const signed = (bits: number) =>
  fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n });
const typed = (type: string, kind: fc.Arbitrary<Kind>) => kind.map((each): Typed => ({ type, kind: each }));
const timestamp = (type: string, precision: Precision, withTimeZone = false) =>
  typed(
    type,
    signed(64).map((sinceEpoch) => ({
      case: 'timestampValue',
      value: { sinceEpoch, precision, withTimeZone },
    })),
  );

const scalar: fc.Arbitrary<Typed> = fc.oneof(
  typed(
    'BOOL',
    fc.boolean().map((value) => ({ case: 'boolValue', value })),
  ),
  typed('INT64', signed(64).map(int)),
  typed('INT8', signed(8).map(int)),
  typed(
    'UINT64',
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => ({ case: 'uint64Value', value })),
  ),
  typed(
    'INT128',
    signed(128).map((value) => ({ case: 'int128Value', value: `${value}` })),
  ),
  typed(
    'FLOAT',
    fc.float().map((value) => ({ case: 'floatValue', value })),
  ),
  typed(
    'DOUBLE',
    fc.double().map((value) => ({ case: 'doubleValue', value })),
  ),
  typed(
    'DECIMAL(10, 2)',
    fc.integer({ min: 0, max: 99_999_999 }).map((value) => ({ case: 'decimalValue', value: `-${value}.07` })),
  ),
  typed('STRING', fc.string({ unit: 'binary' }).map(text)),
  typed(
    'BLOB',
    fc.uint8Array().map((value) => ({ case: 'bytesValue', value })),
  ),
  typed(
    'DATE',
    fc.integer().map((value) => ({ case: 'dateValue', value })),
  ),
  timestamp('TIMESTAMP', Precision.MICROSECONDS),
  timestamp('TIMESTAMP_TZ', Precision.MICROSECONDS, true),
  timestamp('TIMESTAMP_NS', Precision.NANOSECONDS),
  timestamp('TIMESTAMP_MS', Precision.MILLISECONDS),
  typed(
    'TIMESTAMP_SEC',
    fc.bigInt({ min: -(2n ** 45n), max: 2n ** 45n }).map((value) => micros(value, Precision.SECONDS)),
  ),
  typed(
    'INTERVAL',
    fc
      .record({ months: fc.integer(), days: fc.integer(), micros: signed(64) })
      .map((value) => ({ case: 'intervalValue', value })),
  ),
  typed(
    'UUID',
    fc.uuid().map((value) => ({ case: 'uuidValue', value })),
  ),
  typed(
    'INTERNAL_ID',
    fc
      .record({
        table: fc.bigInt({ min: 0n, max: 99n }),
        offset: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      })
      .map((value) => ({ case: 'internalIdValue', value })),
  ),
);

const nullKind: Kind = { case: 'nullValue', value: NullValue.NULL_VALUE };
const nested: fc.Arbitrary<Typed> = fc.letrec<{ any: Typed }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.tuple(tie('any'), fc.array(fc.boolean(), { maxLength: 3 })).map(([{ type, kind }, present]): Typed => {
      const values = present.map((isThere) => ({ kind: isThere ? kind : nullKind }));
      return { type: `${type}[]`, kind: { case: 'listValue', value: { values } } };
    }),
    fc.uniqueArray(tie('any'), { minLength: 1, maxLength: 3 }).map((members): Typed => {
      const fields = members.map(({ kind }, index) => field(`f${index}`, kind));
      const types = members.map(({ type }, index) => `f${index} ${type}`);
      return { type: `STRUCT(${types.join(', ')})`, kind: { case: 'structValue', value: { fields } } };
    }),
    fc.tuple(scalar, tie('any'), fc.integer({ min: 0, max: 2 })).map(([key, value, count]): Typed => {
      const entries = Array.from({ length: count }, () => ({
        key: { kind: key.kind },
        value: { kind: value.kind },
      }));
      return { type: `MAP(${key.type}, ${value.type})`, kind: { case: 'mapValue', value: { entries } } };
    }),
  ),
})).any;

describe('REST form and back', () => {
  it('what a result shows, given with its column type, is the same value', () => {
    fc.assert(
      fc.property(nested, ({ type, kind }) => {
        const value = of(kind);
        const json = `{"$type":${JSON.stringify(type)},"value":${valueToJson(value)}}`;
        expect(() => JSON.parse(json)).not.toThrow();
        expect(toBinary(ValueSchema, read(json))).toEqual(toBinary(ValueSchema, value));
      }),
      { seed: 4, numRuns: 1500 },
    );
  });

  it('null, bool, safe integers, doubles, strings, lists and structs need no type', () => {
    const plain: fc.Arbitrary<Kind> = fc.letrec<{ any: Kind }>((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constant(nullKind),
        fc.boolean().map((value): Kind => ({ case: 'boolValue', value })),
        fc.maxSafeInteger().map((value) => int(BigInt(value))),
        fc
          .double({ noNaN: true, noDefaultInfinity: true })
          .map((value): Kind => ({ case: 'doubleValue', value })),
        fc.string().map(text),
        fc.array(tie('any'), { maxLength: 3 }).map((kinds): Kind => {
          return { case: 'listValue', value: { values: kinds.map((kind) => ({ kind })) } };
        }),
        fc.dictionary(fc.string(), tie('any'), { maxKeys: 3 }).map((members): Kind => {
          return {
            case: 'structValue',
            value: { fields: Object.entries(members).map(([name, kind]) => field(name, kind)) },
          };
        }),
      ),
    })).any;
    fc.assert(
      fc.property(plain, (kind) => {
        const value = of(kind);
        expect(toBinary(ValueSchema, read(valueToJson(value)))).toEqual(toBinary(ValueSchema, value));
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  it('reads or refuses any JSON as INVALID_REQUEST', () => {
    const typeName = fc.constantFrom(
      'INT8',
      'DECIMAL(4,1)',
      'DATE',
      'TIMESTAMP',
      'INTERVAL',
      'MAP',
      'X(',
      'BLOB[]',
      'UUID',
    );
    const typedJson = fc.record({ $type: fc.oneof(typeName, fc.string()), value: fc.jsonValue() });
    fc.assert(
      fc.property(fc.oneof(typedJson, fc.jsonValue()), (json) => {
        try {
          read(JSON.stringify(json));
        } catch (thrown) {
          expect((thrown as RpcError).reason).toBe(ErrorReason.INVALID_REQUEST);
        }
      }),
      { seed: 6, numRuns: 1000 },
    );
  });
});
