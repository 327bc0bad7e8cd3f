import { expect, test } from 'vitest';
import { judgeStatement } from './judge-statement.ts';
import { DEFAULT_CYPHER_LIMITS } from './limits.ts';
import { TokenCursor } from './token-cursor.ts';

/** The longest statements of the tiers. */
const tiers = [10_000, 50_000, 100_000];

/** Fills a statement up to a length. */
const fill = (head: string, part: string, tail: string) => (length: number) =>
  head + part.repeat(Math.floor((length - head.length - tail.length) / part.length)) + tail;

const nested = (open: string, part: string, close: string, depth: number) => (length: number) => {
  const room = length - 'RETURN []'.length;
  const one = open.repeat(depth) + part + close.repeat(depth);
  return `RETURN [${Array(Math.max(1, Math.floor(room / (one.length + 1))))
    .fill(one)
    .join(',')}]`;
};

const shapes: [string, (length: number) => string][] = [
  ['zeros', fill('RETURN ', '0', '')],
  ['digits', fill('RETURN ', '1', '')],
  ['points', fill('RETURN ', '.', '')],
  ['digits and points', fill('RETURN ', '0.', '')],
  ['exponents without digits', fill('RETURN ', '1e', '')],
  ['a name', fill('RETURN ', 'a', '')],
  ['open strings', fill('RETURN ', "'", '')],
  ['an open string', fill("RETURN '", 'a', '')],
  ['backslashes', fill("RETURN '", '\\', '')],
  ['backticks', fill('RETURN ', '`', '')],
  ['slashes', fill('RETURN ', '/', '')],
  ['an open comment', fill('RETURN /*', '*', '')],
  ['comments', fill('RETURN ', '/**/', '1')],
  ['comments that end in a carriage return', fill('RETURN 1 //', '\r', 'a')],
  ['whitespace', fill('RETURN ', '\u2003', '1')],
  ['lines', fill('RETURN 1', '\n', ')')],
  ['a list', fill('RETURN [', '1,', '1]')],
  ['a list of commas', fill('RETURN [1', ',', ']')],
  ['parentheses that may be nodes', fill('RETURN [', '(a),', '1]')],
  ['parentheses that may be lambdas', fill('RETURN list_sum([', '(a)-(b),', '1])')],
  ['steps that lead nowhere', fill('RETURN [', '(a)--(1),', '1]')],
  ['arguments', fill('RETURN coalesce(', 'a,', 'a)')],
  ['names for arguments', fill('RETURN struct_pack(', 'a:=1,', 'b:=1)')],
  ['aggregates', fill('RETURN n.g,', 'count(DISTINCT n.a),', 'count(n.b)')],
  ['aggregates the other way round', fill('RETURN n.g,', 'count(n.a),', 'count(DISTINCT n.b)')],
  ['properties of a node', fill('CREATE (:P {', 'a:1,', 'b:1})')],
  ['nodes to create', fill('CREATE ', '(:P),', '(:P)')],
  ['columns of a table', fill('CREATE NODE TABLE T(', 'a INT64,', 'PRIMARY KEY(a))')],
  ['fields of a type', fill('RETURN cast(NULL AS STRUCT(', 'a INT64,', 'b STRING))')],
  ['casts to a type', fill('RETURN [', 'cast(a AS INT64[]),', '1]')],
  ['CASE', fill('RETURN CASE', ' WHEN a THEN 1', ' END')],
  ['parameters', fill('RETURN [', '$a,', '1]')],
  ['brackets', nested('(', 'a', ')', 60)],
  ['structs that may be properties', nested('({a:', '1', '})', 30)],
  ['structs that may be properties of a step', nested('({a:', '(a)--(1)', '})--(b)', 20)],
  ['steps within properties', nested('(a {b:', '1', '})--(1)', 20)],
];

const limits = { ...DEFAULT_CYPHER_LIMITS, statementCharsMax: 100_000 };

/** The parser's looks at tokens, and the tokenizer's tries of patterns with the characters that each took. */
function countSteps(statement: string): number {
  let steps = 0;
  const { peek } = TokenCursor.prototype;
  const { exec } = RegExp.prototype;
  // Not spies, which would keep millions of calls.
  TokenCursor.prototype.peek = function (ahead) {
    steps += 1;
    return peek.call(this, ahead);
  };
  RegExp.prototype.exec = function (text) {
    const match = exec.call(this, text);
    steps += 1 + (match?.[0].length ?? 0);
    return match;
  };
  try {
    judgeStatement(statement, 'write', limits);
    return steps;
  } finally {
    TokenCursor.prototype.peek = peek;
    RegExp.prototype.exec = exec;
  }
}

test.each(shapes)('judging takes steps in proportion to the length: %s', (_name, shape) => {
  const perCharacter = tiers.map((length) => {
    const statement = shape(length);
    expect(statement.length).toBeLessThanOrEqual(length);
    return countSteps(statement) / statement.length;
  });
  const [shortest = 0, , longest = 0] = perCharacter;
  expect(longest).toBeLessThan(Math.max(1, shortest) * 1.5);
  expect(longest).toBeLessThan(100);
});
