import { describe, expect, it } from 'vitest';
import { type TextContext, toTupleText } from './engine-text.ts';
import {
  formatDate,
  formatDecimal,
  formatDouble,
  formatInterval,
  formatTimestamp,
} from './engine-text-leaf.ts';

const context: TextContext = {
  properties: new Map([['person', new Map([['info', 'UNION(price FLOAT, note STRING)']])]]),
  firstTable: 3n,
};
const text = (type: string, kind: string, value: unknown) =>
  toTupleText([{ kind, [kind]: value }], [type], context);
const string = (value: string) => ({ kind: 'stringValue', stringValue: value });
const nothing = { kind: 'nullValue', nullValue: 'NULL_VALUE' };

describe('leaves are written as the engine writes them', () => {
  it.each([
    [1.5, '1.500000'],
    [0.1, '0.100000'],
    [-0, '-0.000000'],
    // Half a millionth: to the even one.
    [0.0078125, '0.007812'],
    [-0.0234375, '-0.023438'],
    [2 ** 70, '1180591620717411303424.000000'],
    [Number.NaN, 'nan'],
    [Number.NEGATIVE_INFINITY, '-inf'],
  ])('DOUBLE %d', (value, expected) => {
    expect(formatDouble(value)).toBe(expected);
  });

  it.each([
    ['12.340', '12.340'],
    ['-1.05', '-1.05'],
    ['0.05', '0.05'],
    ['0.50', '0.50'],
    ['-0.50', '-0.50'],
    // The engine's own slip.
    ['-0.05', '0.-5'],
    ['7', '7'],
  ])('DECIMAL %s', (value, expected) => {
    expect(formatDecimal(value)).toBe(expected);
  });

  it('dates, in all years', () => {
    expect(formatDate(0n)).toBe('1970-01-01');
    expect(formatDate(-719_163n)).toBe('0001-12-31 (BC)');
    expect(formatDate(106_751_991n)).toBe('294247-01-10');
  });

  it.each([
    [{ sinceEpoch: '-1', precision: 'PRECISION_MICROSECONDS' }, '1969-12-31 23:59:59.999999'],
    [
      { sinceEpoch: '1500', precision: 'PRECISION_MILLISECONDS', withTimeZone: true },
      '1970-01-01 00:00:01.5+00',
    ],
    [{ precision: 'PRECISION_SECONDS' }, '1970-01-01 00:00:00'],
    [{ sinceEpoch: '1234567', precision: 'PRECISION_NANOSECONDS' }, '1970-01-01 00:00:00.001234'],
  ])('TIMESTAMP %j', (value, expected) => {
    expect(formatTimestamp(value)).toBe(expected);
  });

  it.each([
    [{}, '00:00:00'],
    [{ months: 14, days: -1 }, '1 year 2 months -1 days'],
    [{ months: -1, micros: '-3600000500000' }, '-1 months -1000:00:00.5'],
  ])('INTERVAL %j', (value, expected) => {
    expect(formatInterval(value)).toBe(expected);
  });

  it('other leaves', () => {
    expect(text('BOOL', 'boolValue', true)).toBe('True');
    expect(text('BLOB', 'bytesValue', Buffer.from("a\\'\u00ff"))).toBe('a\\x5C\\x27\\xC3\\xBF');
    expect(text('INT64', 'nullValue', 'NULL_VALUE')).toBe('');
    expect(text('INTERNAL_ID', 'internalIdValue', { table: '5', offset: '7' })).toBe('2:7');
  });
});

describe('nested values are written as the engine writes them', () => {
  it('lists, structs, maps and unions', () => {
    expect(text('STRING[]', 'listValue', { values: [string('a'), nothing] })).toBe('[a,]');
    const fields = [
      { name: 'a', value: string('x') },
      { name: 'b', value: nothing },
    ];
    expect(text('STRUCT(a STRING, b INT64)', 'structValue', { fields })).toBe('{a: x, b: }');
    expect(text('UNION(a STRING, b INT64)', 'structValue', { fields: fields.slice(0, 1) })).toBe('x');
    const entries = [
      { key: string('k'), value: string('v') },
      { key: string('l'), value: nothing },
    ];
    expect(text('MAP(STRING, STRING)', 'mapValue', { entries })).toBe('{k=v, l=}');
  });

  it('nodes, relationships and paths, without what is NULL', () => {
    const union = { kind: 'structValue', structValue: { fields: [{ name: 'note', value: string('n') }] } };
    const properties = [
      { name: 'name', value: nothing },
      { name: 'info', value: union },
    ];
    const node = { id: { table: '3' }, label: 'person', properties };
    const relationship = {
      id: { table: '4' },
      label: 'knows',
      source: { table: '3' },
      destination: { table: '3', offset: '1' },
    };
    expect(text('NODE', 'nodeValue', node)).toBe('{_ID: 0:0, _LABEL: person, info: n}');
    expect(text('REL', 'relationshipValue', relationship)).toBe('(0:0)-{_LABEL: knows, _ID: 1:0}->(0:1)');
    expect(text('RECURSIVE_REL', 'pathValue', { nodes: [node], relationships: [relationship] })).toBe(
      '{_NODES: [{_ID: 0:0, _LABEL: person, info: n}], _RELS: [(0:0)-{_LABEL: knows, _ID: 1:0}->(0:1)]}',
    );
  });
});
