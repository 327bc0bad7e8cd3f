import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toCanonical } from './canonical.ts';
import { openTestEngine, type TestEngine } from './engine.testing.ts';
import { type FinalProjection, finalProjection, toAlias } from './final-projection.ts';
import { judgeStatement } from './judge-statement.ts';
import { LOOK_ALIKE_SETUP } from './look-alikes.ts';
import type { TokenRange } from './parse-projection.ts';
import type { Token } from './token.ts';

let engine: TestEngine;
beforeAll(() => {
  engine = openTestEngine(LOOK_ALIKE_SETUP);
});
afterAll(() => engine.close());

function tokensOf(statement: string): readonly Token[] {
  const verdict = judgeStatement(statement, 'write');
  return verdict.ok ? verdict.tokens : expect.fail(verdict.message);
}

function describeProjection(tokens: readonly Token[], projection: FinalProjection): unknown {
  const text = (range: TokenRange | undefined): string | undefined =>
    range === undefined ? undefined : toCanonical(tokens.slice(range.start, range.end));
  const { isDistinct, columns, orderBy, skip, limit } = projection;
  const names = columns.map((column) => [text(column.expression), column.name, column.isNameCertain]);
  return { isDistinct, names, orderBy: text(orderBy), skip: text(skip), limit: text(limit) };
}

function projectionsOf(statement: string): unknown {
  const tokens = tokensOf(statement);
  return finalProjection(tokens)?.map((projection) => describeProjection(tokens, projection));
}

const NO_ORDER = { orderBy: undefined, skip: undefined, limit: undefined };

describe('finalProjection', () => {
  test('finds the last RETURN with its columns and clauses', () => {
    const statement =
      'MATCH (n:P) WITH n AS return ORDER BY n.id RETURN DISTINCT return.id, [1, 2] AS `a b`, return, count( * ) ' +
      'ORDER BY return.id DESC, 2 SKIP 1 LIMIT $n;';
    expect(projectionsOf(statement)).toEqual([
      {
        isDistinct: true,
        names: [
          ['return.id', 'return.id', false],
          ['[1, 2]', 'a b', true],
          ['return', 'return', true],
          ['count( * )', 'count(*)', false],
        ],
        orderBy: 'return.id DESC, 2',
        skip: '1',
        limit: '$n',
      },
    ]);
  });

  test('finds one RETURN per branch of a UNION', () => {
    expect(projectionsOf('RETURN 1 AS x UNION ALL MATCH (n:P) RETURN n.id AS y')).toEqual([
      { isDistinct: false, names: [['1', 'x', true]], ...NO_ORDER },
      { isDistinct: false, names: [['n.id', 'y', true]], ...NO_ORDER },
    ]);
  });

  test.each([
    'MATCH (n) RETURN *',
    'MATCH (n) RETURN *, 1 AS x',
    'MATCH (n) RETURN n.*',
    'RETURN 1 AS x UNION MATCH (n) RETURN *',
    'CREATE (n:P {id: 3})',
    'DROP TABLE P',
    'CREATE NODE TABLE t AS MATCH (n) RETURN n.id',
  ])('knows no columns of %s', (statement) => {
    expect(finalProjection(tokensOf(statement))).toBeUndefined();
  });

  test('a multiplication is not an expansion', () => {
    expect(projectionsOf('RETURN 2 * 3 AS x, count(*) AS y')).toMatchObject([{ isDistinct: false }]);
  });
});

describe('a projection rewritten with casts', () => {
  // What the exact-values layer does, with the names that the engine gave the first time.
  function withCasts(statement: string, names: readonly string[]): string {
    const tokens = tokensOf(statement);
    const [projection] = finalProjection(tokens) ?? [];
    if (projection === undefined) return expect.fail('no projection');
    const columns = projection.columns.map(({ expression }, index) => {
      const text = toCanonical(tokens.slice(expression.start, expression.end));
      return `cast(${text} AS STRING) AS ${toAlias(names[index] ?? '')}`;
    });
    const start = projection.columns[0]?.expression.start ?? 0;
    const head = toCanonical(tokens.slice(0, start));
    return `${head} ${columns.join(', ')}`;
  }

  test.each([
    ['MATCH (a:P) RETURN a.id, count(*)', ['a.id', 'COUNT_STAR()']],
    ['MATCH (a:P) RETURN `a`.`id`, a.id + 1, upper(a.name)', ['a.id', '+(a.id,1)', 'UPPER(a.name)']],
    ['RETURN 1 AS `x``y`, 9007199254740993 AS big', ['x``y', 'big']],
    ['MATCH (a:P) RETURN id(a), a.use AS `use`', ['a._ID', 'use']],
  ])('keeps the column names of %s', (statement, names) => {
    expect(engine.run(statement).columns).toEqual(names);
    const rewritten = withCasts(statement, names);
    expect(judgeStatement(rewritten, 'read').ok).toBe(true);
    expect(engine.run(rewritten).columns).toEqual(names);
  });

  test('keeps every digit', () => {
    expect(engine.run(withCasts('RETURN 9007199254740993 AS big', ['big'])).rows).toEqual([
      '["9007199254740993"]',
    ]);
  });
});

test('certain names are the engine’s', () => {
  const statement = 'MATCH (n:P) WITH n.id AS `a b`, n AS c RETURN `a b`, c.name AS Name, c';
  const columns = finalProjection(tokensOf(statement))?.[0]?.columns ?? [];
  expect(columns.every((column) => column.isNameCertain)).toBe(true);
  expect(engine.run(statement).columns).toEqual(columns.map((column) => column.name));
});

test('an alias is written only if the language can spell it', () => {
  expect(toAlias('a.id')).toBe('`a.id`');
  expect(toAlias('x``y')).toBe('`x``y`');
  expect(['', 'a`b', '`', 'a\0b', 'a`; COPY `b', 'a`b`c', '\ud800'].map(toAlias)).toEqual(
    Array(7).fill(undefined),
  );
});
