import { describe, expect, test } from 'vitest';
import { LEXER_ATTACKS, STATEMENT_ATTACKS } from './attacks.ts';
import { judgeStatement, type StatementMode } from './judge-statement.ts';
import { HARMLESS_READS, HARMLESS_WRITES, LOOK_ALIKE_SETUP } from './look-alikes.ts';

const MODES: readonly StatementMode[] = ['read', 'write'];

describe.each(MODES)('in %s mode', (mode) => {
  test.each([...STATEMENT_ATTACKS, ...LEXER_ATTACKS])('refuses $statement', ({ statement, construct }) => {
    const verdict = judgeStatement(statement, mode);
    if (verdict.ok) expect.fail(`accepted as ${verdict.canonical}`);
    expect(['STATEMENT_NOT_ALLOWED', 'STATEMENT_SYNTAX']).toContain(verdict.reason);
    if (construct !== undefined) expect(verdict.construct).toBe(construct);
  });

  test.each(STATEMENT_ATTACKS)('refuses every disguise of $statement', ({ statement }) => {
    for (const disguise of disguisesOf(statement)) {
      expect(judgeStatement(disguise, mode).ok, disguise).toBe(false);
    }
  });

  test.each(HARMLESS_READS)('accepts %s', (statement) => {
    expect(judgeStatement(statement, mode)).toMatchObject({ ok: true, kind: 'query', writes: false });
  });
});

describe('writes', () => {
  test.each([...LOOK_ALIKE_SETUP, ...HARMLESS_WRITES])('passes in write mode only: %s', (statement) => {
    expect(judgeStatement(statement, 'write')).toMatchObject({ ok: true, writes: true });
    expect(judgeStatement(statement, 'read')).toMatchObject({ ok: false, reason: 'STATEMENT_WRITES' });
  });
});

function disguisesOf(statement: string): string[] {
  return [
    `/* a */\u00a0// b\n${statement}`,
    `${statement}\n// c`,
    `${statement}/***/ */`,
    statement.replaceAll(' ', '\u2003'),
    statement.replaceAll(' ', '/**/ /*x*/'),
    statement.replaceAll(' ', ' /***/ */'),
    swapCase(statement),
    `RETURN 1 AS x; ${statement}`,
    `${statement}; RETURN 1 AS x`,
    `RETURN [1 ${statement}]`,
    `RETURN EXISTS { ${statement} }`,
    `CREATE NODE TABLE t AS ${statement}`,
    `RETURN 1 AS x UNION ${statement}`,
    `RETURN "\\"" AS x; ${statement}`,
  ];
}

function swapCase(text: string): string {
  return text.replace(/[a-zA-Z]/g, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
}
