import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTestEngine } from './engine.testing.ts';
import { judgeStatement, type Verdict } from './judge-statement.ts';

const STATEMENTS_MAX = 30_000;
const ENGINE_SAMPLE = 10;
const MAY_REACH_FILES = /\b(?:load|copy|attach|install|export|import)\b/i;
const FOLDER = join(dirname(createRequire(import.meta.url).resolve('kuzu')), 'kuzu-source/test/test_files');

// Only has to hold for the engine's own, well-formed tests.
const MUST_BE_REFUSED =
  /^(?:copy|load|export|import|attach|use|install|uninstall|begin|commit|rollback|checkpoint|explain|profile|create macro)\b/i;

/** The single statements of the engine's test suite, evenly sampled. */
function engineStatements(): string[] {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.test'),
  );
  const statements = new Set<string>();
  for (const file of files.toSorted()) {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    for (const match of text.matchAll(/^-STATEMENT (.*(?:\n(?![-#]|\s*$).*)*)/gm)) {
      // `${…}` and `[conn]` are the test runner's own syntax.
      if (match[1] !== undefined && !/\$\{|^\[/.test(match[1])) statements.add(match[1].trim());
    }
  }
  const all = [...statements];
  const ratio = Math.max(1, all.length / STATEMENTS_MAX);
  return all.filter((_statement, index) => Math.floor(index / ratio) !== Math.floor((index - 1) / ratio));
}

describe.runIf(existsSync(FOLDER))("the engine's own test statements", () => {
  const statements = existsSync(FOLDER) ? engineStatements() : [];
  const verdicts = statements.map((statement) => ({
    statement,
    verdict: judgeStatement(statement, 'write'),
  }));
  const count = (key: (entry: (typeof verdicts)[number]) => string): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const entry of verdicts) counts[key(entry)] = (counts[key(entry)] ?? 0) + 1;
    return counts;
  };

  test('are judged without a crash', () => {
    const counts = count(({ verdict }) => (verdict.ok ? verdict.kind : verdict.reason));
    console.info(`${statements.length} statements of the engine's tests:`, counts);
    expect(statements.length).toBeGreaterThan(2000);
  });

  test('are mostly accepted, so that the gate is no subset of the language by accident', () => {
    const acceptable = verdicts.filter(({ statement }) => !MUST_BE_REFUSED.test(statement));
    const syntax = acceptable.filter(({ verdict }) => isSyntax(verdict));
    expect(syntax.length / acceptable.length).toBeLessThan(0.02);
  });

  test('are refused where they leave the graph', () => {
    const wrong = verdicts.filter(({ statement, verdict }) => MUST_BE_REFUSED.test(statement) && verdict.ok);
    expect(wrong.map(({ statement }) => statement)).toEqual([]);
    expect(verdicts.filter(({ statement }) => MUST_BE_REFUSED.test(statement)).length).toBeGreaterThan(50);
  });

  test('are sentences to the gate exactly if they are to the engine', () => {
    const engine = openTestEngine();
    const parses = (statement: string): boolean =>
      !/^Parser exception/.test(engine.objection(statement) ?? '');
    const disagreements = verdicts
      .filter((_entry, index) => index % ENGINE_SAMPLE === 0)
      // Text that was refused for what it is never reaches the engine, not even here.
      .filter(
        ({ statement, verdict }) => verdict.ok || (isSyntax(verdict) && !MAY_REACH_FILES.test(statement)),
      )
      .filter(({ statement, verdict }) => parses(statement) !== verdict.ok)
      // The engine's parser also checks this, which is not a question of grammar.
      .filter(({ statement }) => !/primary key/.test(engine.objection(statement) ?? ''));
    engine.close();
    expect(disagreements.map(({ statement }) => statement)).toEqual([]);
  });
});

function isSyntax(verdict: Verdict): boolean {
  return !verdict.ok && verdict.reason === 'STATEMENT_SYNTAX';
}
