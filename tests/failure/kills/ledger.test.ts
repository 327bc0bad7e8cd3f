import { expect, test } from 'vitest';
import { type FoundRow, Ledger, type WriteOutcome } from './ledger.ts';

const answer = (outcome: WriteOutcome) => () => Promise.resolve(outcome);
const rowsOf = (batch: number, value: number): FoundRow[] =>
  [0, 1].map((place) => ({ id: 2 * batch + place, batch, value }));

test('tells of an acknowledged write that is gone, and of a refused one that is there', async () => {
  const ledger = new Ledger(2);
  await ledger.write(0, 7, answer('acknowledged'));
  await ledger.write(1, 8, answer('refused'));
  expect(ledger.verify(rowsOf(1, 8), 'T')).toHaveLength(2);
});

test('lets an unknown write be there or not, and an acknowledged one after it settles the batch', async () => {
  for (const rows of [[], rowsOf(0, 7)]) {
    const ledger = new Ledger(2);
    await ledger.write(0, 7, answer('unknown'));
    expect(ledger.unknown).toBe(1);
    expect(ledger.verify(rows, 'T')).toEqual([]);
    expect(ledger.unknown).toBe(0);
  }
  const ledger = new Ledger(2);
  await ledger.write(0, 7, answer('unknown'));
  await ledger.write(0, 8, answer('acknowledged'));
  expect(ledger.verify(rowsOf(0, 7), 'T')).toHaveLength(1);
});

test('tells of half a batch, of mixed values, of a row that is there twice', () => {
  const ledger = new Ledger(2);
  expect(ledger.verifyWhole(rowsOf(0, 7).slice(1), 'T')).toHaveLength(1);
  expect(ledger.verifyWhole([...rowsOf(0, 7).slice(1), ...rowsOf(0, 8).slice(0, 1)], 'T')).toHaveLength(1);
  expect(ledger.verifyWhole([...rowsOf(0, 7), ...rowsOf(0, 7)], 'T')).not.toEqual([]);
});
