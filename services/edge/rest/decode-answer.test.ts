import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { NullValue } from '@bufbuild/protobuf/wkt';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { QueryResponseSchema, StreamQueryResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { RowSchema, ValueSchema } from '../../../gen/trellis/graph/v1/value_pb.js';
import { fc } from '../../mesh/properties.testing.ts';
import { decodeAnswer } from './decode-answer.ts';
import { JsonWriter } from './message-to-json.ts';

// To see what is decoded.
vi.mock('@bufbuild/protobuf', { spy: true });

type Kind = NonNullable<MessageInitShape<typeof ValueSchema>['kind']>;

const writer = new JsonWriter();
const malformed = Symbol('malformed');

beforeEach(() => void vi.mocked(fromBinary).mockClear());

/** The JSON of an answer as the edge writes it; `malformed` where it throws. */
function written(bytes: Uint8Array): string | typeof malformed {
  try {
    return writer.whole(QueryResponseSchema, decodeAnswer(QueryResponseSchema, bytes));
  } catch {
    return malformed;
  }
}

/** The same by decoding all of it. */
function decoded(bytes: Uint8Array): string | typeof malformed {
  try {
    return writer.whole(QueryResponseSchema, fromBinary(QueryResponseSchema, bytes));
  } catch {
    return malformed;
  }
}

const bits64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  // All lengths of varints, and both sides of what is safe.
  fc.tuple(fc.integer({ min: 0, max: 62 }), fc.integer({ min: -2, max: 2 })).map(([power, more]) => {
    return 2n ** BigInt(power) + BigInt(more);
  }),
);
const texts = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 100 }) },
  // Longer than what is copied byte by byte.
  fc.string({ unit: 'grapheme', minLength: 5, maxLength: 10 }).map((text) => text.repeat(120)),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.constantFrom(
    '_id',
    '__label',
    '_src',
    '___dst',
    '_idea',
    '_ï',
    '\ufeff',
    '\ufffd',
    '"',
    '\\',
    '\n',
    '\u007f',
  ),
);
const ids = fc.record({
  table: bits64.map((each) => BigInt.asUintN(64, each)),
  offset: bits64.map((each) => BigInt.asUintN(64, each)),
});
const maybeIds = fc.option(ids, { nil: undefined, freq: 10 });

const scalars: fc.Arbitrary<Kind> = fc.oneof(
  fc.constant<Kind>({ case: 'nullValue', value: NullValue.NULL_VALUE }),
  fc.boolean().map((value): Kind => ({ case: 'boolValue', value })),
  bits64.map((value): Kind => ({ case: 'int64Value', value })),
  bits64.map((value): Kind => ({ case: 'int64Value', value: -value < -(2n ** 63n) ? 0n : -value })),
  bits64.map((value): Kind => ({ case: 'uint64Value', value: BigInt.asUintN(64, value) })),
  fc.double().map((value): Kind => ({ case: 'doubleValue', value })),
  fc.float().map((value): Kind => ({ case: 'floatValue', value })),
  fc
    .tuple(fc.constantFrom('stringValue', 'int128Value', 'decimalValue', 'uuidValue'), texts)
    .map(([kind, value]): Kind => ({ case: kind, value })),
  fc.uint8Array({ maxLength: 8 }).map((value): Kind => ({ case: 'bytesValue', value })),
  fc.integer().map((value): Kind => ({ case: 'dateValue', value })),
  fc
    .record({ sinceEpoch: bits64, precision: fc.integer({ min: 0, max: 4 }), withTimeZone: fc.boolean() })
    .map((value): Kind => ({ case: 'timestampValue', value })),
  fc
    .record({ months: fc.integer(), days: fc.integer(), micros: bits64 })
    .map((value): Kind => ({ case: 'intervalValue', value })),
  ids.map((value): Kind => ({ case: 'internalIdValue', value })),
);

const kinds: fc.Arbitrary<Kind> = fc.letrec<{ any: Kind }>((tie) => {
  const values = tie('any').map((kind) => ({ kind }));
  const fields = fc.array(fc.record({ name: texts, value: values }), { maxLength: 3 });
  const nodes = fc.record({ id: maybeIds, label: texts, properties: fields });
  const relationships = fc.record({
    id: maybeIds,
    label: texts,
    source: maybeIds,
    destination: maybeIds,
    properties: fields,
  });
  const several = <T>(each: fc.Arbitrary<T>) => fc.array(each, { maxLength: 3 });
  return {
    any: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 4, arbitrary: scalars },
      several(values).map((all): Kind => ({ case: 'listValue', value: { values: all } })),
      fields.map((all): Kind => ({ case: 'structValue', value: { fields: all } })),
      several(fc.record({ key: values, value: values })).map((entries): Kind => {
        return { case: 'mapValue', value: { entries } };
      }),
      nodes.map((value): Kind => ({ case: 'nodeValue', value })),
      relationships.map((value): Kind => ({ case: 'relationshipValue', value })),
      fc
        .record({ nodes: several(nodes), relationships: several(relationships) })
        .map((value): Kind => ({ case: 'pathValue', value })),
    ),
  };
}).any;

const rows = fc.array(kinds, { maxLength: 4 }).map((row) => ({ values: row.map((kind) => ({ kind })) }));
const answers = fc
  .record({
    columns: fc.array(fc.record({ name: texts, type: texts }), { maxLength: 2 }),
    rows: fc.array(rows, { maxLength: 4 }),
    rowCount: fc.nat(),
    elapsedMs: fc.double(),
    revision: texts,
    truncated: fc.boolean(),
  })
  .map((init) => toBinary(QueryResponseSchema, create(QueryResponseSchema, init)));

/** An answer with one row, which is these bytes. */
function ofRow(row: Uint8Array): Uint8Array {
  return new BinaryWriter().uint32(0x12).bytes(row).finish();
}

/** An answer with one value, which is these bytes. */
function ofValue(value: Uint8Array): Uint8Array {
  return ofRow(new BinaryWriter().uint32(0x0a).bytes(value).finish());
}

function valueBytes(kind: Kind): Uint8Array {
  return toBinary(ValueSchema, create(ValueSchema, { kind }));
}

const int = (value: bigint): Kind => ({ case: 'int64Value', value });
const text = (value: string): Kind => ({ case: 'stringValue', value });

describe('an answer with rows', () => {
  it('is the JSON that decoding it gives', () => {
    fc.assert(
      fc.property(answers, (bytes) => {
        const json = written(bytes);
        expect(json).not.toBe(malformed);
        expect(json).toBe(decoded(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  it('is malformed, or the same, where it is cut off', () => {
    fc.assert(
      fc.property(answers, fc.nat(), (bytes, at) => {
        const cut = bytes.subarray(0, at % (bytes.length + 1));
        expect(written(cut)).toBe(decoded(cut));
      }),
      { numRuns: 1000 },
    );
  });

  it('is malformed, or the same, where bytes of a row changed', () => {
    fc.assert(
      fc.property(rows, fc.nat(), fc.nat(255), (row, at, byte) => {
        const bytes = toBinary(RowSchema, create(RowSchema, row));
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        expect([malformed, decoded(ofRow(bytes))]).toContain(written(ofRow(bytes)));
      }),
      { numRuns: 2000 },
    );
  });

  it('is written without decoding rows of the usual kinds', () => {
    const node = {
      id: { table: 1n, offset: 2n ** 40n },
      label: 'Person',
      properties: [
        { name: '_id', value: { kind: int(1n) } },
        { name: 'name', value: { kind: text('Åsa "x"') } },
      ],
    };
    const usual: Kind[] = [
      { case: 'nullValue', value: NullValue.NULL_VALUE },
      { case: 'boolValue', value: true },
      int(-5n),
      int(2n ** 53n),
      { case: 'uint64Value', value: 2n ** 64n - 1n },
      { case: 'doubleValue', value: 36 },
      { case: 'floatValue', value: Math.fround(0.1) },
      { case: 'dateValue', value: -1 },
      { case: 'listValue', value: { values: [{ kind: int(1n) }, { kind: text('') }] } },
      { case: 'structValue', value: { fields: node.properties } },
      { case: 'nodeValue', value: node },
      {
        case: 'relationshipValue',
        value: { ...node, source: { table: 0n, offset: 0n }, destination: { table: 0n, offset: 7n } },
      },
    ];
    const rows = [{ values: usual.map((kind) => ({ kind })) }];
    const bytes = toBinary(StreamQueryResponseSchema, create(StreamQueryResponseSchema, { rows }));
    const message = decodeAnswer(StreamQueryResponseSchema, bytes);
    expect(fromBinary).not.toHaveBeenCalled();
    const properties = '"name":"Åsa \\"x\\""}';
    expect(writer.sparse(StreamQueryResponseSchema, message)).toBe(
      `{"rows":[[null,true,-5,"9007199254740992","18446744073709551615",36.0,0.1,"1969-12-31",[1,""],{"_id":1,${properties},{"_id":"1:1099511627776","_label":"Person","__id":1,${properties},{"_id":"1:1099511627776","_label":"Person","_src":"0:0","_dst":"0:7","__id":1,${properties}]]}`,
    );
  });

  it('has no rows, or rows without values', () => {
    const json = (rows: { values: [] }[]) => {
      const bytes = toBinary(StreamQueryResponseSchema, create(StreamQueryResponseSchema, { rows }));
      const message = decodeAnswer(StreamQueryResponseSchema, bytes);
      const [, field] = StreamQueryResponseSchema.fields;
      return [writer.sparse(StreamQueryResponseSchema, message), field && writer.field(field, message)];
    };
    expect(json([])).toEqual(['{}', '[]']);
    expect(json([{ values: [] }, { values: [] }])).toEqual(['{"rows":[[],[]]}', '[[],[]]']);
  });

  it('may have rows between its other fields', () => {
    const part = (init: MessageInitShape<typeof QueryResponseSchema>) => {
      return toBinary(QueryResponseSchema, create(QueryResponseSchema, init));
    };
    const bytes = Buffer.concat([
      part({ rows: [{ values: [{ kind: int(1n) }] }], rowCount: 2 }),
      part({ columns: [{ name: 'n' }], rows: [{ values: [{ kind: int(2n) }] }], revision: 'r' }),
    ]);
    expect(written(bytes)).toBe(
      '{"columns":[{"name":"n","type":""}],"rows":[[1],[2]],"rowCount":2,"elapsedMs":0,"revision":"r","truncated":false}',
    );
  });

  const unknown = new BinaryWriter().tag(99, WireType.LengthDelimited).string('new').finish();
  const group = new BinaryWriter()
    .tag(98, WireType.StartGroup)
    .tag(1, WireType.Varint)
    .uint32(1)
    .tag(98, WireType.EndGroup)
    .finish();
  const list = (...all: Kind[]) => {
    return valueBytes({ case: 'listValue', value: { values: all.map((kind) => ({ kind })) } });
  };
  const noValue = new BinaryWriter()
    .uint32(0x7a)
    .bytes(new Uint8Array([0x0a, 0]))
    .finish();

  it.each([
    [
      'unknown fields before a value',
      ofRow(
        Buffer.concat([unknown, toBinary(RowSchema, create(RowSchema, { values: [{ kind: int(7n) }] }))]),
      ),
      '[7]',
    ],
    ['unknown fields in a value', ofValue(Buffer.concat([unknown, valueBytes(int(7n)), group])), '[7]'],
    ['the last of a oneof', ofValue(Buffer.concat([valueBytes(int(7n)), valueBytes(text('x'))])), '["x"]'],
    [
      'the last of a oneof after one that is malformed',
      ofValue(Buffer.concat([noValue, valueBytes(text('x'))])),
      '["x"]',
    ],
    ['lists of a oneof in one', ofValue(Buffer.concat([list(int(1n)), list(int(2n))])), '[[1,2]]'],
    ['varints longer than needed', ofValue(Uint8Array.of(0x98, 0, 0x87, 0x80, 0)), '[7]'],
  ])('may have %s', (_what, bytes, row) => {
    expect(written(bytes)).toContain(`"rows":[${row}]`);
    expect(written(bytes)).toBe(decoded(bytes));
  });

  it.each([
    ['a value without a kind', ofValue(new Uint8Array())],
    ['a kind of another wire type', ofValue(Uint8Array.of(0x1d, 0, 0, 0, 0))],
    ['rows of another wire type', Uint8Array.of(0x10, 1)],
    ['text that is not UTF-8', ofValue(Uint8Array.of(0x4a, 1, 0xff))],
    [
      'a varint of more than ten bytes',
      ofValue(Buffer.concat([Buffer.of(0x18), Buffer.alloc(10, 0x80), Buffer.of(0)])),
    ],
    ['a row longer than the answer', Uint8Array.of(0x12, 5, 0x0a, 2, 0x18, 1)],
    ['a value longer than its row', Uint8Array.of(0x12, 4, 0x0a, 3, 0x18, 1)],
  ])('cannot have %s', (_what, bytes) => {
    expect(() => decodeAnswer(QueryResponseSchema, bytes)).toThrow();
  });

  it.each([
    ['listValue', (inner: Uint8Array) => new BinaryWriter().uint32(0x0a).bytes(inner).finish(), 0x7a],
    [
      'structValue',
      (inner: Uint8Array) => {
        const field = new BinaryWriter().uint32(0x0a).string('f').uint32(0x12).bytes(inner).finish();
        return new BinaryWriter().uint32(0x0a).bytes(field).finish();
      },
      0x82,
    ],
  ])('is as deep as decoding follows, and no deeper: %s', (_kind, wrap, tag) => {
    const limits: number[] = [];
    let value = valueBytes(int(1n));
    for (let levels = 0; levels < 120; levels += 1) {
      const bytes = ofValue(value);
      expect(written(bytes)).toBe(decoded(bytes));
      if (written(bytes) === malformed) limits.push(levels);
      const opening = tag === 0x7a ? [0x7a] : [0x82, 1];
      value = Buffer.concat([Buffer.from(opening), new BinaryWriter().bytes(wrap(value)).finish()]);
    }
    expect(limits.at(0)).toBe(tag === 0x7a ? 49 : 33);
    expect(limits.at(-1)).toBe(119);
  });
});
