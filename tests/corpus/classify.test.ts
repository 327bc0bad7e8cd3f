import { describe, expect, it } from 'vitest';
import { classify, VerdictTable } from './classify.ts';
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
    const table = new VerdictTable();
    for (const statement of statements) table.add(statement);
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
