import { expect, test } from 'vitest';
import { toCsv } from './csv.ts';

test.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['', '""'],
  [null, ''],
  [1.5, '1.5'],
  [false, 'false'],
  [[], '[]'],
  [["Saint John's"], "[Saint John's]"],
  [[46, -8.5], '"[46,-8.5]"'],
])('%j is written as %s', (cell, text) => {
  expect(toCsv(['c'], [[cell]])).toBe(`c\n${text}\n`);
});

test.each([[['a,b']], [['a]']], [['"']], [[' a']], [['']], [['a\nb']], [["a'b", "c'd"]]])(
  'a list that would not come back as it was is refused: %j',
  (cell) => {
    expect(() => toCsv(['c'], [[cell]])).toThrow('a list cannot hold');
  },
);
