import { Timestamp_Precision } from '../../gen/trellis/graph/v1/value_pb.js';
import * as kinds from '../../services/graph/domain/values/kinds.testing.ts';
import type { ValueKind } from '../../services/graph/domain/values/value.ts';

const { SECONDS, MILLISECONDS, NANOSECONDS } = Timestamp_Precision;

/** One value of an engine type in every form in which it is said. */
export interface EngineValue {
  /** The typed form on the wire. */
  readonly kind: ValueKind;
  /** An expression that makes it in the engine; undefined where the language cannot spell it. */
  readonly cypher?: string;
  /** What REST shows, after JSON.parse. */
  readonly rest: unknown;
}

/** An engine type with values at its limits and in its corners. */
export interface EngineTypeValues {
  readonly type: string;
  readonly values: readonly EngineValue[];
}

const integerTypes: [string, bigint, bigint][] = [
  ['INT8', -(2n ** 7n), 2n ** 7n - 1n],
  ['INT16', -(2n ** 15n), 2n ** 15n - 1n],
  ['INT32', -(2n ** 31n), 2n ** 31n - 1n],
  ['UINT8', 0n, 2n ** 8n - 1n],
  ['UINT16', 0n, 2n ** 16n - 1n],
  ['UINT32', 0n, 2n ** 32n - 1n],
];

/** Every engine type that a property can have, less the nested ones, which are made of these. */
export const engineTypes: readonly EngineTypeValues[] = [
  {
    type: 'BOOL',
    values: [true, false].map((each) => ({ kind: kinds.bool(each), cypher: String(each), rest: each })),
  },
  ...integerTypes.map(([type, least, greatest]) => ({
    type,
    values: [least, -1n, 0n, greatest]
      .filter((each) => each >= least)
      .map((each) => ({
        kind: type.startsWith('U') ? kinds.uint64(each) : kinds.int64(each),
        cypher: `cast('${each}' AS ${type})`,
        rest: Number(each),
      })),
  })),
  {
    type: 'INT64',
    values: [
      ...[0n, 2n ** 53n - 1n].map((each) => integer('INT64', kinds.int64(each), Number(each))),
      ...[2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)].map((each) =>
        integer('INT64', kinds.int64(each), String(each)),
      ),
    ],
  },
  {
    type: 'UINT64',
    values: [
      integer('UINT64', kinds.uint64(0n), 0),
      integer('UINT64', kinds.uint64(2n ** 53n + 1n), '9007199254740993'),
      integer('UINT64', kinds.uint64(2n ** 64n - 1n), '18446744073709551615'),
    ],
  },
  {
    type: 'INT128',
    values: ['0', '170141183460469231731687303715884105727', '-170141183460469231731687303715884105728'].map(
      (each) => integer('INT128', kinds.int128(BigInt(each)), each),
    ),
  },
  {
    type: 'FLOAT',
    values: [
      { kind: kinds.float(0.1), cypher: "cast('0.1' AS FLOAT)", rest: 0.1 },
      { kind: kinds.float(-0), cypher: "cast('-0.0' AS FLOAT)", rest: -0 },
      { kind: kinds.float(2 ** -149), cypher: "cast('1.4e-45' AS FLOAT)", rest: 1.4013e-45 },
      {
        kind: kinds.float(3.4028234663852886e38),
        cypher: "cast('3.4028235e38' AS FLOAT)",
        rest: 3.4028235e38,
      },
      { kind: kinds.float(Number.NaN), cypher: "cast('nan' AS FLOAT)", rest: 'NaN' },
      { kind: kinds.float(Infinity), cypher: "cast('inf' AS FLOAT)", rest: 'Infinity' },
      { kind: kinds.float(-Infinity), cypher: "cast('-inf' AS FLOAT)", rest: '-Infinity' },
    ],
  },
  {
    type: 'DOUBLE',
    values: [
      { kind: kinds.double(36), cypher: '36.0', rest: 36 },
      { kind: kinds.double(0.1), cypher: '0.1', rest: 0.1 },
      { kind: kinds.double(-0), cypher: "cast('-0.0' AS DOUBLE)", rest: -0 },
      { kind: kinds.double(5e-324), cypher: "cast('5e-324' AS DOUBLE)", rest: 5e-324 },
      { kind: kinds.double(Number.MAX_VALUE), cypher: '1.7976931348623157e308', rest: Number.MAX_VALUE },
      { kind: kinds.double(Number.NaN), cypher: "cast('nan' AS DOUBLE)", rest: 'NaN' },
      { kind: kinds.double(Infinity), cypher: "cast('inf' AS DOUBLE)", rest: 'Infinity' },
      { kind: kinds.double(-Infinity), cypher: "cast('-inf' AS DOUBLE)", rest: '-Infinity' },
    ],
  },
  decimals('DECIMAL(5, 2)', '0.00', '-0.05', '999.99', '-999.99'),
  decimals('DECIMAL(18, 3)', '-0.001', '999999999999999.999'),
  decimals('DECIMAL(38, 0)', '99999999999999999999999999999999999999', '-1'),
  decimals('DECIMAL(38, 10)', '-0.0000000001', '9999999999999999999999999999.9999999999'),
  decimals('DECIMAL(38, 38)', `0.${'9'.repeat(38)}`, `-0.${'0'.repeat(37)}1`),
  {
    type: 'STRING',
    values: [
      ...['', 'né 日本 👩‍👩‍👧', ', b: }]=', '{"a": [1]}', 'NULL'].map((each) => ({
        kind: kinds.string(each),
        cypher: `'${each}'`,
        rest: each,
      })),
      { kind: kinds.string('it\'s \\ "x"'), cypher: `'it\\'s \\\\ "x"'`, rest: 'it\'s \\ "x"' },
      { kind: kinds.string('a\u0000b'), rest: 'a\u0000b' },
      { kind: kinds.string('é'.repeat(5_000)), rest: 'é'.repeat(5_000) },
    ],
  },
  {
    type: 'BLOB',
    values: [
      {
        kind: kinds.blob(0, 255, 39, 92, 65),
        cypher: "blob('\\\\x00\\\\xFF\\\\x27\\\\x5CA')",
        rest: 'AP8nXEE=',
      },
      { kind: kinds.blob(), cypher: "blob('')", rest: '' },
    ],
  },
  {
    type: 'UUID',
    values: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'ffffffff-ffff-ffff-ffff-ffffffffffff'].map((each) => ({
      kind: kinds.uuid(each),
      cypher: `uuid('${each}')`,
      rest: each,
    })),
  },
  {
    type: 'DATE',
    values: [
      [0, '1970-01-01'],
      [-1, '1969-12-31'],
      [-719_162, '0001-01-01'],
      [-800_000, '-000221-09-04'],
      [2_147_483_647, '+5881580-07-11'],
      [-2_147_483_648, '-5877641-06-23'],
    ].map(([days, rest]) => ({
      kind: kinds.date(Number(days)),
      cypher: `date('1970-01-01') + (${days})`,
      rest,
    })),
  },
  timestamps('TIMESTAMP', 1n, (each) => kinds.timestamp(each), [
    [0n, '1970-01-01T00:00:00Z'],
    [-1n, '1969-12-31T23:59:59.999999Z'],
    [1_577_934_245_678_901n, '2020-01-02T03:04:05.678901Z'],
    [2n ** 63n - 1n, '+294247-01-10T04:00:54.775807Z'],
    [1n - 2n ** 63n, '-290308-12-21T19:59:05.224193Z'],
  ]),
  timestamps('TIMESTAMP_TZ', 1n, (each) => kinds.timestamp(each, undefined, true), [
    [-1n, '1969-12-31T23:59:59.999999Z'],
    [2n ** 63n - 1n, '+294247-01-10T04:00:54.775807Z'],
  ]),
  timestamps('TIMESTAMP_MS', 1_000n, (each) => kinds.timestamp(each, MILLISECONDS), [
    [-1n, '1969-12-31T23:59:59.999Z'],
    [9_223_372_036_854_775n, '+294247-01-10T04:00:54.775Z'],
  ]),
  timestamps('TIMESTAMP_SEC', 1_000_000n, (each) => kinds.timestamp(each, SECONDS), [
    [-1n, '1969-12-31T23:59:59Z'],
    [9_223_372_036_854n, '+294247-01-10T04:00:54Z'],
  ]),
  {
    type: 'TIMESTAMP_NS',
    values: [
      [-1_000n, '1969-12-31T23:59:59.999999Z'],
      [9_223_372_036_854_775_000n, '2262-04-11T23:47:16.854775Z'],
      [-9_223_372_036_854_775_000n, '1677-09-21T00:12:43.145225Z'],
    ].map(([nanos, rest]) => ({
      kind: kinds.timestamp(BigInt(nanos ?? 0), NANOSECONDS),
      cypher: `cast(${momentOf(BigInt(nanos ?? 0) / 1_000n)} AS TIMESTAMP_NS)`,
      rest,
    })),
  },
  {
    type: 'INTERVAL',
    values: [
      span(0, 0, 0n, 'PT0S'),
      span(-14, 3, -1n, 'P-1Y-2M3DT-0.000001S'),
      span(14, -3, 3_600_000_001n, 'P1Y2M-3DT1H0.000001S'),
      span(2_147_483_647, 2_147_483_647, 2n ** 63n - 1n, 'P178956970Y7M2147483647DT2562047788H54.775807S'),
      span(
        -2_147_483_648,
        -2_147_483_648,
        1n - 2n ** 63n,
        'P-178956970Y-8M-2147483648DT-2562047788H-54.775807S',
      ),
    ],
  },
];

function integer(type: string, kind: ValueKind, rest: unknown): EngineValue {
  return { kind, cypher: `cast('${kind.value}' AS ${type})`, rest };
}

function decimals(type: string, ...texts: string[]): EngineTypeValues {
  const values = texts.map((each) => ({
    kind: kinds.decimal(each),
    cypher: `cast('${each}' AS ${type})`,
    rest: each,
  }));
  return { type, values };
}

function timestamps(
  type: string,
  unitMicros: bigint,
  toKind: (sinceEpoch: bigint) => ValueKind,
  values: [bigint, string][],
): EngineTypeValues {
  return {
    type,
    values: values.map(([sinceEpoch, rest]) => ({
      kind: toKind(sinceEpoch),
      cypher: `cast(${momentOf(sinceEpoch * unitMicros)} AS ${type})`,
      rest,
    })),
  };
}

function momentOf(micros: bigint): string {
  return `(timestamp('1970-01-01') + to_microseconds(cast('${micros}' AS INT64)))`;
}

function span(months: number, days: number, micros: bigint, rest: string): EngineValue {
  const parts = `to_months(${months}) + to_days(${days}) + to_microseconds(cast('${micros}' AS INT64))`;
  return { kind: kinds.interval(months, days, micros), cypher: `(${parts})`, rest };
}
