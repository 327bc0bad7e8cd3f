import { beforeAll, describe, expect, it } from 'vitest';
import { type Classification, classify, VerdictTable } from './classify.ts';
import { listTestFiles, readSource } from './corpus-files.ts';
import { parseTestFile } from './parse-test-file.ts';
import type { TestFile } from './test-file.ts';

const files = new Map<string, TestFile>(
  listTestFiles().map((name) => [name, parseTestFile(readSource(name))]),
);
const statements = [...files.values()]
  .flatMap(({ cases }) => cases)
  .flatMap(({ steps }) => steps)
  .filter((step) => step.kind === 'statement' && !step.batchFile)
  .map((step) => (step.kind === 'statement' ? step.statement : ''));

/** Judged once: it takes seconds. */
const judged = new Map<string, Classification>();
const table = new VerdictTable();
beforeAll(() => {
  for (const statement of statements) judged.set(statement, table.add(statement));
});

describe("the engine's corpus", () => {
  it('is all there and parses without a directive that the parser does not know', () => {
    expect(files.size).toBe(563);
    expect(statements.length).toBeGreaterThan(28_000);
    // One of them is about the empty statement.
    expect(statements.filter((statement) => statement.trim() === '')).toHaveLength(1);
    const odd = [...files].filter(([, file]) => file.unknown.size > 0 || file.dataset === '');
    expect(odd.map(([name]) => name)).toEqual([]);
  });

  it('is judged by the gate, every statement, without a crash or a hang', () => {
    expect(table.broken).toEqual([]);
    // Fewer would mean that the gate has become something else, or the parser reads something else.
    for (const [verdict, least] of [
      ['read', 6_000],
      ['write', 13_000],
      ['ddl', 2_500],
      ['refused', 4_500],
    ] as const) {
      expect(table.counts.get(verdict), verdict).toBeGreaterThan(least);
    }
  });
});

describe('a statement that the engine runs', () => {
  it('is a sentence to the gate', () => {
    const enabled = [...files].flatMap(([name, { cases }]) =>
      cases
        .filter(({ disabledBy }) => !disabledBy)
        .flatMap(({ steps }) => steps.map((step) => ({ name, step }))),
    );
    const runs = enabled.flatMap(({ name, step }) => {
      if (step.kind !== 'statement' || step.batchFile) return [];
      const expectsError = step.expectations.some(({ kind }) => kind === 'error' || kind === 'error-pattern');
      return expectsError ? [] : [{ at: `${name}:${step.line}`, result: judged.get(step.statement) }];
    });
    expect(runs.length).toBeGreaterThan(24_000);
    const wrong = runs.filter(
      ({ result }) => result?.verdict === 'refused' && result.reason === 'STATEMENT_SYNTAX',
    );
    expect(wrong.map(({ at }) => at)).toEqual([]);
  });
});

describe('classify', () => {
  it.each([
    ['MATCH (n) RETURN n', { verdict: 'read' }],
    ['CREATE (:T {id: 1})', { verdict: 'write' }],
    ['CREATE NODE TABLE T(id INT64 PRIMARY KEY)', { verdict: 'ddl' }],
    [
      "LOAD FROM 'x.csv' RETURN *",
      { verdict: 'refused', reason: 'STATEMENT_NOT_ALLOWED', construct: 'LOAD' },
    ],
  ])('%s', (statement, expected) => {
    expect(classify(statement)).toEqual(expected);
  });

  it('tells a gate that throws', () => {
    const judge = () => {
      throw new TypeError('oops');
    };
    expect(classify('RETURN 1', judge)).toEqual({ verdict: 'broken', problem: 'threw TypeError: oops' });
  });
});
