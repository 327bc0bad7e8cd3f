import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fc } from '../../../mesh/properties.testing.ts';
import { toCanonical } from './canonical.ts';
import { openTestEngine, type TestEngine } from './engine.testing.ts';
import { judgeStatement } from './judge-statement.ts';
import { HARMLESS_READS, HARMLESS_WRITES, LOOK_ALIKE_SETUP } from './look-alikes.ts';
import { tokenize } from './tokenize.ts';

const SEED = 20_250_101;
// What the engine says of writes in a read-only transaction, and when it looks for a file or an extension.
const FORBIDDEN_OBJECTIONS =
  /read-only|No file found|Cannot open|IO exception|Failed to load|Extension exception/i;
let engine: TestEngine;

beforeAll(() => {
  engine = openTestEngine(LOOK_ALIKE_SETUP);
});
afterAll(() => engine.close());

function canonicalOf(statement: string): string | undefined {
  const verdict = judgeStatement(statement, 'write');
  return verdict.ok ? verdict.canonical : undefined;
}

const isSyntaxError = (objection: string | undefined): boolean =>
  objection?.startsWith('Parser exception') ?? false;

// Whitespace and comments are gone if what is left between the tokens is at most one space.
function expectOnlyTokens(canonical: string): void {
  const tokens = tokenize(canonical);
  const chars = tokens.reduce((sum, token) => sum + token.text.length + (token.spaceBefore ? 1 : 0), 0);
  expect(chars).toBe(canonical.length);
  expect(toCanonical(tokens)).toBe(canonical);
}

describe('the canonical text means to the engine what the statement meant', () => {
  test.each(HARMLESS_READS)('read %s', (statement) => {
    const canonical = canonicalOf(statement);
    if (canonical === undefined) expect.fail('refused');
    expectOnlyTokens(canonical);
    const { columns, rows } = engine.run(canonical);
    const original = engine.run(statement);
    expect(rows.toSorted()).toEqual(original.rows.toSorted());
    // Columns without an alias may be named after the text, whose whitespace changed.
    expect(columns).toHaveLength(original.columns.length);
  });

  test('writes and schema changes run in order', () => {
    for (const statement of HARMLESS_WRITES) {
      const canonical = canonicalOf(statement);
      if (canonical === undefined) expect.fail(`refused ${statement}`);
      expectOnlyTokens(canonical);
      expect(() => engine.run(canonical), statement).not.toThrow();
    }
  });

  test('the engine reads /***/ as an open comment, as the gate does', () => {
    expect(engine.run(`/***/ RETURN '*/ RETURN 1 AS a //'`)).toEqual({ columns: ['a'], rows: ['[1]'] });
    expect(canonicalOf(`/***/ RETURN '*/ RETURN 1 AS a //'`)).toBe('RETURN 1 AS a');
  });
});

describe('generated texts', () => {
  const PIECES = [
    '/',
    '*',
    '/*',
    '*/',
    '/**',
    '//',
    '**',
    '\n',
    '\r',
    '"',
    "'",
    '\\',
    '`',
    ' ',
    ', 3 AS c',
    ' AS d',
    'x',
  ];
  const MORE_PIECES = [
    ...PIECES,
    '\u00a0',
    '\u2028',
    '\u0085',
    '\u200b',
    '1',
    '.',
    'e',
    '-',
    '€',
    'é',
    '[',
    ']',
    ',',
  ];
  const noise = fc.array(fc.constantFrom(...MORE_PIECES), { maxLength: 12 }).map((pieces) => pieces.join(''));
  const comments = fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join(''));

  test('the gate reads comments, strings and names exactly as the engine does', () => {
    let accepted = 0;
    const check = (middle: string, end: string): void => {
      const statement = `RETURN 1 AS a ${middle} , 2 AS b${end}`;
      const canonical = canonicalOf(statement);
      const objection = engine.objection(statement);
      if (canonical === undefined) {
        expect(isSyntaxError(objection), `the engine reads ${JSON.stringify(statement)}`).toBe(true);
        return;
      }
      accepted += 1;
      expectOnlyTokens(canonical);
      expect(isSyntaxError(engine.objection(canonical))).toBe(isSyntaxError(objection));
      if (objection === undefined) expect(engine.run(canonical)).toEqual(engine.run(statement));
    };
    const ends = fc.constantFrom('', ' */', '\n', ' //', "'", '"', ' /**/', '\r');
    fc.assert(fc.property(fc.oneof(noise, comments), ends, check), { numRuns: 3000, seed: SEED });
    expect(accepted).toBeGreaterThan(150);
  });

  test('a mutated harmless statement, if accepted as a read, is a read to the engine', () => {
    const words = HARMLESS_READS.flatMap((statement) => tokenize(statement).map((token) => token.text));
    const foreign = [
      'COPY',
      'LOAD',
      'FROM',
      "'x.csv'",
      'ATTACH',
      'CALL',
      'TO',
      'CREATE',
      'SET',
      'DELETE',
      ';',
      'DETACH',
    ];
    const word = fc.oneof(fc.constantFrom(...words), fc.constantFrom(...foreign));
    const mutation = fc.record({
      at: fc.nat(),
      drop: fc.nat({ max: 2 }),
      insert: fc.array(word, { maxLength: 3 }),
    });
    let accepted = 0;
    const check = (statement: string, mutations: { at: number; drop: number; insert: string[] }[]): void => {
      const texts = tokenize(statement).map((token) => token.text);
      for (const { at, drop, insert } of mutations) texts.splice(at % (texts.length + 1), drop, ...insert);
      const verdict = judgeStatement(texts.join(' '), 'read');
      if (!verdict.ok) return;
      accepted += 1;
      expectOnlyTokens(verdict.canonical);
      expect(engine.readOnlyObjection(verdict.canonical) ?? '').not.toMatch(FORBIDDEN_OBJECTIONS);
    };
    const mutations = fc.array(mutation, { minLength: 1, maxLength: 2 });
    fc.assert(fc.property(fc.constantFrom(...HARMLESS_READS), mutations, check), {
      numRuns: 4000,
      seed: SEED,
    });
    expect(accepted).toBeGreaterThan(200);
  });

  test('any text is judged without a crash and canonical texts are stable', () => {
    const any = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), noise);
    const check = (text: string): void => {
      for (const statement of [text, `RETURN ${text}`, `MATCH (n) RETURN n /*${text}*/`]) {
        const canonical = canonicalOf(statement);
        if (canonical !== undefined) expect(canonicalOf(canonical)).toBe(canonical);
      }
    };
    fc.assert(fc.property(any, check), { numRuns: 3000, seed: SEED });
  });
});

test('the engine objects to writes in a read-only transaction, so that the test above can fail', () => {
  const unseen = [`MATCH (n:P) SET n.use = 1`, 'CREATE (:P {id: 99})', 'MATCH (n:P) DELETE n', 'DROP TABLE K']
    .map((statement) => engine.readOnlyObjection(statement))
    .filter((objection) => !FORBIDDEN_OBJECTIONS.test(objection ?? ''));
  expect(unseen).toEqual([]);
});
