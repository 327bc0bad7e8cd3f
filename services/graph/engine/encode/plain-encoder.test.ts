import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { RowSchema, type Value, ValueSchema } from '../../../../gen/trellis/graph/v1/value_pb.js';
import { fc } from '../../../mesh/properties.testing.ts';
import { type EngineType, type LeafName, leaf } from '../../domain/values/engine-type.ts';
import type { GraphTables } from '../../domain/values/graph-tables.ts';
import { createPlainDecoder } from '../../domain/values/plain-decoder.ts';
import { InexactValue } from '../../domain/values/value.ts';
import { encodeValue } from './encode-value.ts';
import { createPlainEncoder } from './plain-encoder.ts';
import { WireWriter } from './wire-writer.ts';

/** A type with values as the binding gives them, some of which are refused. */
interface Case {
  readonly type: EngineType;
  readonly raws: fc.Arbitrary<unknown>;
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', minLength: 20, maxLength: 200 }),
  fc.constantFrom('', 'é'.repeat(63), 'a'.repeat(127), 'a'.repeat(128), '€'.repeat(43), 'ü'.repeat(9_000)),
);
const integer = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, 1, -1, 127, 128, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 53 - 1, 1 - 2 ** 53),
  fc.constantFrom(2 ** 53, -(2 ** 60), Number.NaN),
);
const moment = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.integer({ min: -1_000_000, max: 3_000_000 }).map((days) => new Date(days * 86_400_000)),
  fc.constant(new Date(Number.NaN)),
);
const id = fc.record({ table: fc.nat(), offset: integer.map((value) => Math.abs(value)) });
const decimal: EngineType = { kind: 'decimal', precision: 10, scale: 2 };

const leaves: readonly Case[] = [
  ...leafCases(fc.boolean(), 'BOOL'),
  ...leafCases(integer, 'INT8', 'INT16', 'INT32', 'INT64', 'SERIAL'),
  ...leafCases(
    integer.map((value) => Math.abs(value)),
    ...(['UINT8', 'UINT16', 'UINT32', 'UINT64'] as const),
  ),
  ...leafCases(fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }), 'INT128'),
  ...leafCases(fc.float(), 'FLOAT'),
  ...leafCases(fc.double(), 'DOUBLE'),
  ...leafCases(text, 'STRING'),
  ...leafCases(fc.uuid(), 'UUID'),
  ...leafCases(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    'BLOB',
  ),
  ...leafCases(moment, 'DATE', 'TIMESTAMP_MS', 'TIMESTAMP', 'TIMESTAMP_TZ'),
  ...leafCases(
    fc.integer().map((seconds) => new Date(seconds * 1000)),
    'TIMESTAMP_SEC',
  ),
  ...leafCases(id, 'INTERNAL_ID'),
  ...leafCases(fc.integer(), 'INTERVAL'),
  { type: decimal, raws: fc.oneof(fc.double(), fc.integer(), fc.constant(-0.05)) },
];

const tables: GraphTables = new Map([
  [
    'Person',
    [
      { name: 'id', type: leaf('INT64') },
      { name: 'name', type: leaf('STRING') },
      { name: 'tags', type: { kind: 'list', element: leaf('STRING') } },
    ],
  ],
  [
    'Place',
    [
      { name: 'name', type: leaf('STRING') },
      { name: 'at', type: leaf('DOUBLE') },
    ],
  ],
  ['Empty', []],
  ['Odd', [{ name: '__proto__', type: leaf('STRING') }]],
  ['Knows', [{ name: 'since', type: leaf('DATE') }]],
]);

const properties = {
  id: integer,
  name: fc.option(text),
  at: fc.double(),
  tags: fc.option(fc.array(fc.option(text), { maxLength: 5 })),
  since: moment,
};
/** A recursive pattern may name some properties; the others are not there. */
const anyProperties = fc.record(properties, { requiredKeys: [] });
const node = fc
  .record({ _id: id, _label: fc.constantFrom('Person', 'Place', 'Place', 'Empty', 'Odd', 'Unknown') })
  .chain((own) => anyProperties.map((more) => ({ ...own, ...more })));
const relationship = fc
  .record({ _id: id, _label: fc.constantFrom('Knows', 'Empty'), _src: id, _dst: id })
  .chain((own) => anyProperties.map((more) => ({ ...own, ...more })));
const graphs: readonly Case[] = [
  { type: leaf('NODE'), raws: node },
  { type: leaf('REL'), raws: relationship },
  {
    type: leaf('RECURSIVE_REL'),
    raws: fc.record({
      _nodes: fc.array(node, { maxLength: 4 }),
      _rels: fc.array(relationship, { maxLength: 3 }),
    }),
  },
];

function nested({ type, raws }: Case): Case[] {
  const value = fc.option(raws);
  const fields = [
    { name: 'a', type },
    { name: 'the b', type: leaf('STRING') },
  ];
  return [
    { type: { kind: 'list', element: type }, raws: fc.array(value, { maxLength: 70 }) },
    {
      type: { kind: 'array', element: type, size: 3 },
      raws: fc.array(value, { minLength: 3, maxLength: 3 }),
    },
    { type: { kind: 'struct', fields }, raws: fc.record({ a: value, 'the b': text }) },
    { type: { kind: 'map', key: leaf('STRING'), value: type }, raws: fc.dictionary(text, raws) },
  ];
}

const flat = [...leaves, ...graphs];
const once = flat.flatMap(nested);
const cases = [...flat, ...once, ...once.filter((_, index) => index % 7 === 0).flatMap(nested)];

describe('rows written for the wire', () => {
  test.each(cases.map((each) => [nameOf(each.type), each] as const))(
    'say of %s what its decoder reads',
    (_, { type, raws }) => {
      const decode = createPlainDecoder(type, tables);
      const encode = createPlainEncoder(type, tables);
      fc.assert(
        fc.property(fc.oneof({ weight: 9, arbitrary: raws }, fc.constant(null)), (raw) => {
          const wanted = outcomeOf(() => decode(raw));
          const written = outcomeOf(() => {
            const writer = new WireWriter(2 ** 20, 16);
            encode(writer, raw);
            return fromBinary(ValueSchema, new Uint8Array(writer.copy(0, writer.length)));
          });
          expect(written).toStrictEqual(wanted && rebuilt(wanted));
        }),
        { numRuns: 40 },
      );
    },
  );

  test('are, value by value, what protobuf writes of their messages', () => {
    const raws = fc.oneof(...flat.map(({ type, raws }) => raws.map((raw) => ({ type, raw }))));
    fc.assert(
      fc.property(raws, ({ type, raw }) => {
        const value = outcomeOf(() => createPlainDecoder(type, tables)(raw));
        if (!value) return;
        const writer = new WireWriter(2 ** 20);
        encodeValue(writer, value);
        const wanted = create(RowSchema, { values: [value] });
        expect(fromBinary(ValueSchema, new Uint8Array(writer.take()))).toStrictEqual(
          fromBinary(RowSchema, toBinary(RowSchema, wanted)).values[0],
        );
      }),
      { numRuns: 500 },
    );
  });
});

function leafCases(raws: fc.Arbitrary<unknown>, ...names: LeafName[]): Case[] {
  return names.map((name) => ({ type: leaf(name), raws }));
}

/** The value, or undefined where it was refused. */
function outcomeOf(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof InexactValue) return undefined;
    throw error;
  }
}

/** As it comes out of the wire form: a FLOAT has four bytes there. */
function rebuilt(value: Value): Value {
  return fromBinary(ValueSchema, toBinary(ValueSchema, create(ValueSchema, value)));
}

function nameOf(type: EngineType): string {
  switch (type.kind) {
    case 'leaf':
      return type.name;
    case 'list':
    case 'array':
      return `${type.kind} of ${nameOf(type.element)}`;
    case 'struct':
      return `struct of ${type.fields.map((field) => nameOf(field.type)).join(', ')}`;
    case 'map':
      return `map of ${nameOf(type.value)}`;
    default:
      return type.kind;
  }
}
