import { describe, expect, test } from 'vitest';
import { toCanonical } from './canonical.ts';
import { DEFAULT_CYPHER_LIMITS } from './limits.ts';
import { CypherRefusal } from './refusal.ts';
import { nameOf } from './token.ts';
import { tokenize } from './tokenize.ts';

const texts = (statement: string): string[] => tokenize(statement).map((token) => token.text);

function refusalOf(run: () => unknown): CypherRefusal {
  try {
    run();
  } catch (error) {
    if (error instanceof CypherRefusal) return error;
    throw error;
  }
  return expect.fail('nothing was refused');
}

describe('comments', () => {
  test('a block comment closes only where the stars pair up', () => {
    expect(texts('1 /***/ 2 */ 3')).toEqual(['1', '3']);
    expect(texts('1 /****/ 2')).toEqual(['1', '2']);
    expect(texts('1 /* * */ 2 /**/ 3')).toEqual(['1', '2', '3']);
    expect(texts(`/***/ RETURN '*/ RETURN 1 //'`)).toEqual(['RETURN', '1']);
  });

  test('a line comment ends with LF, CRLF or the end of the text', () => {
    expect(texts('1 // 2\n3 // 4\r\n5 // 6')).toEqual(['1', '3', '5']);
    expect(texts('1 // 2\r')).toEqual(['1']);
  });

  test.each(['1 // 2\r3', '1 /*', '1 /*/', '1 /***/'])('an unclosed comment is refused: %j', (statement) => {
    expect(refusalOf(() => tokenize(statement))).toMatchObject({ construct: 'comment', offset: 2 });
  });
});

describe('tokens', () => {
  test('the longest match wins, as in the engine', () => {
    expect(texts('1..3 .5 1.5e-3 00.7 1.e5 a$b $a <<= <>> =~')).toEqual([
      '1',
      '..',
      '3',
      '.5',
      '1.5e-3',
      '00.7',
      '1',
      '.',
      'e5',
      'a$b',
      '$',
      'a',
      '<<',
      '=',
      '<>',
      '>',
      '=~',
    ]);
  });

  test('strings keep their escapes and refuse unknown ones', () => {
    expect(texts(`'a\\'b' "c\\"d" '\\u00e9' "//" '/*'`)).toEqual([
      `'a\\'b'`,
      `"c\\"d"`,
      `'\\u00e9'`,
      '"//"',
      `'/*'`,
    ]);
    expect(refusalOf(() => tokenize(`RETURN 'a\\x'`))).toMatchObject({ construct: 'string', offset: 7 });
  });

  test('adjacent backticked groups are one name', () => {
    const tokens = tokenize('`a``b` `COPY`');
    expect(tokens.map(nameOf)).toEqual(['a``b', 'COPY']);
    expect(tokens.map((token) => token.kind)).toEqual(['escaped-name', 'escaped-name']);
  });

  test('keywords fold ASCII letters only', () => {
    expect(tokenize('mAtCh ſet \u212aey ınstall').map((token) => token.kind)).toEqual([
      'keyword',
      'name',
      'name',
      'name',
    ]);
  });

  test('each token knows its offset and whether something stood before it', () => {
    expect(
      tokenize('  a/**/b()').map(({ text, offset, spaceBefore }) => [text, offset, spaceBefore]),
    ).toEqual([
      ['a', 2, true],
      ['b', 7, true],
      ['(', 8, false],
      [')', 9, false],
    ]);
  });
});

describe('limits', () => {
  test('the length is bounded', () => {
    const limits = { ...DEFAULT_CYPHER_LIMITS, statementCharsMax: 5 };
    expect(tokenize('RETUR', limits)).toHaveLength(1);
    expect(refusalOf(() => tokenize('RETURN', limits)).reason).toBe('STATEMENT_TOO_LONG');
  });

  test('brackets are bounded and must match', () => {
    const limits = { ...DEFAULT_CYPHER_LIMITS, nestingDepthMax: 3 };
    expect(tokenize('([{}])', limits)).toHaveLength(6);
    expect(refusalOf(() => tokenize('([{(', limits))).toMatchObject({
      reason: 'STATEMENT_TOO_COMPLEX',
      offset: 3,
    });
    expect(refusalOf(() => tokenize('(]')).construct).toBe(']');
    expect(refusalOf(() => tokenize('(')).construct).toBe('(');
  });

  test('a long text of any token takes linear time', () => {
    const size = 90_000;
    const longTexts = ['"', "'", '`', '/*', '//'].map((open) => open + 'a*'.repeat(size / 2));
    for (const text of [...longTexts, 'a'.repeat(size), '1'.repeat(size), `"${'\\\\'.repeat(size / 2)}"`]) {
      const start = performance.now();
      try {
        tokenize(text);
      } catch (error) {
        expect(error).toBeInstanceOf(CypherRefusal);
      }
      expect(performance.now() - start).toBeLessThan(1000);
    }
  });
});

test('the canonical text holds one space where anything stood between two tokens and none elsewhere', () => {
  const canonical = toCanonical(tokenize('\n RETURN/* a */[1][1]// b\n,\u2003`x y` ;'));
  expect(canonical).toBe('RETURN [1][1] , `x y` ;');
});
