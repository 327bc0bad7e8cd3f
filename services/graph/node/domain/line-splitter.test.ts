import { expect, test } from 'vitest';
import { createLineSplitter } from './line-splitter.ts';

function split(lineCharactersMax: number, ...pieces: string[]): string[] {
  const lines: string[] = [];
  const splitter = createLineSplitter(lineCharactersMax, (line) => lines.push(line));
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return lines;
}

test('lines come whole, however they were cut, and the last one without an end too', () => {
  expect(split(100, 'on', 'e\ntwo\n\nth', '', 'ree')).toEqual(['one', 'two', 'three']);
});

test('a line that is too long is cut off, and the next one is not touched by it', () => {
  expect(split(4, 'abc', 'defgh', 'ij\nxy\n')).toEqual(['abcd', 'xy']);
});
