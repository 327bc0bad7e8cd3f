import { describe, expect, it } from 'vitest';
import { compare, type Outcome } from './compare.ts';
import type { Expectation, StatementStep } from './test-file.ts';

const step: StatementStep = {
  kind: 'statement',
  line: 1,
  statement: 'RETURN 1',
  expectations: [],
  checkOrder: false,
  checkPrecision: false,
  checkColumnNames: false,
};
const rows = (tuples: string[], types = ['STRING']): Outcome => ({
  kind: 'rows',
  columns: ['c'],
  types,
  tuples,
});
const error = (message: string): Outcome => ({
  kind: 'error',
  reason: 'STATEMENT_INVALID',
  construct: '',
  message,
});
const tuples = (...lines: string[]): Expectation => ({ kind: 'tuples', lines });

describe('compare', () => {
  it('minds the order only where it is told to', () => {
    expect(compare(step, tuples('b', 'a'), rows(['a', 'b'])).agrees).toBe(true);
    const ordered = { ...step, checkOrder: true };
    expect(compare(ordered, tuples('a', 'b'), rows(['a', 'b'])).agrees).toBe(true);
    expect(compare(ordered, tuples('b', 'a'), rows(['a', 'b']))).toMatchObject({
      agrees: false,
      got: 'in another order: 2 tuples: a ⏎ b',
    });
  });

  it('tells what is missing and what is too many, duplicates counted', () => {
    expect(compare(step, tuples('a', 'a', 'b'), rows(['a', 'b', 'c']))).toEqual({
      agrees: false,
      expected: '3 tuples: a',
      got: '3 tuples: c',
    });
  });

  it('takes the names of columns for a tuple where it is told to', () => {
    const named = { ...step, checkOrder: true, checkColumnNames: true };
    expect(compare(named, tuples('c', 'a'), rows(['a'])).agrees).toBe(true);
    expect(compare(named, tuples('d', 'a'), rows(['a'])).agrees).toBe(false);
  });

  it('hashes sorted tuples', () => {
    // printf 'a\nb\n' | md5sum
    const hash: Expectation = { kind: 'hash', md5: 'dd8c6a395b5dd36c56d23275028f526c' };
    expect(compare(step, hash, rows(['b', 'a'])).agrees).toBe(true);
    expect(compare(step, hash, rows(['b', 'b'])).agrees).toBe(false);
  });

  it('lets only floating numbers differ, and little', () => {
    const precise = { ...step, checkOrder: true, checkPrecision: true };
    expect(compare(precise, tuples('0.100001|x'), rows(['0.100000|x'], ['DOUBLE', 'STRING'])).agrees).toBe(
      true,
    );
    expect(compare(precise, tuples('0.2|x'), rows(['0.1|x'], ['DOUBLE', 'STRING'])).agrees).toBe(false);
    expect(compare(precise, tuples('1.0000001'), rows(['1.0'])).agrees).toBe(false);
  });

  it('wants an error where one is expected, and only there', () => {
    const expected: Expectation = {
      kind: 'error',
      message: 'Binder exception: Variable x is not in scope.\nmore',
    };
    expect(compare(step, expected, error('Variable x is not in scope.'))).toEqual({
      agrees: true,
      sameText: true,
    });
    expect(compare(step, expected, error('no'))).toEqual({ agrees: true, sameText: false });
    expect(compare(step, expected, rows([])).agrees).toBe(false);
    expect(compare(step, { kind: 'ok' }, error('no')).agrees).toBe(false);
    expect(compare(step, { kind: 'ok' }, rows(['a'])).agrees).toBe(true);
  });
});
