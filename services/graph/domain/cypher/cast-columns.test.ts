import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { castColumns } from './cast-columns.ts';
import { openTestEngine, type TestEngine } from './engine.testing.ts';
import { judgeStatement } from './judge-statement.ts';
import type { Token } from './token.ts';

let engine: TestEngine;
beforeAll(() => {
  engine = openTestEngine([
    'CREATE NODE TABLE P(id INT64, name STRING, PRIMARY KEY(id))',
    `UNWIND [1, 2, 9, 10, 11, 100] AS i CREATE (:P {id: i, name: 'n'})`,
  ]);
});
afterAll(() => engine.close());

function tokensOf(statement: string): readonly Token[] {
  const verdict = judgeStatement(statement, 'write');
  return verdict.ok ? verdict.tokens : expect.fail(verdict.message);
}

const asText = (row: string): string => JSON.stringify((JSON.parse(row) as unknown[]).map(String));

describe('a query whose columns are cast answers the same rows in the same order', () => {
  test.each([
    'MATCH (a:P) RETURN a.id ORDER BY a.id',
    'MATCH (a:P) RETURN a.id ORDER BY a.id DESC SKIP 1 LIMIT 3',
    'MATCH (a:P) RETURN DISTINCT a.id ORDER BY a.id LIMIT 3',
    'MATCH (a:P) RETURN a.id AS x, a.name ORDER BY x LIMIT 4;',
    'MATCH (a:P) RETURN a.name, count(*), sum(a.id) ORDER BY a.name',
    'MATCH (a:P) RETURN a.id + 1, a.id AS `b c` ORDER BY `b c` DESC LIMIT 2',
    'MATCH (a:P) WITH a ORDER BY a.id LIMIT 2 RETURN a.id AS return ORDER BY return',
    'RETURN 9007199254740991 AS big',
    'MATCH (a:P) WHERE a.id < 3 RETURN a.id AS x UNION ALL MATCH (b:P) WHERE b.id > 10 RETURN b.id AS y',
    'CREATE (a:P {id: 500}) RETURN a.id',
  ])('%s', (statement) => {
    const tokens = tokensOf(statement);
    const original = engine.run(statement);
    engine.run('MATCH (a:P {id: 500}) DELETE a');
    const cast = castColumns(
      tokens,
      original.columns.map((name) => ({ name, castTo: 'STRING' })),
    );
    if (cast === undefined) expect.fail('not rewritten');
    expect(judgeStatement(cast, 'write').ok).toBe(true);
    const rewritten = engine.run(cast);
    expect(rewritten.columns).toEqual(original.columns);
    const isOrdered = /ORDER BY/.test(statement);
    const rows = original.rows.map(asText);
    expect(isOrdered ? rewritten.rows : rewritten.rows.toSorted()).toEqual(
      isOrdered ? rows : rows.toSorted(),
    );
  });
});

test('values beyond 2^53 keep every digit and other columns keep their type', () => {
  const columns = [
    { name: 'big', castTo: 'STRING' },
    { name: '1', castTo: undefined },
  ] as const;
  const cast = castColumns(tokensOf('RETURN 9007199254740993 AS big, 1'), columns);
  expect(engine.run(cast ?? '').rows).toEqual(['["9007199254740993",1]']);
});

test.each([
  ['MATCH (n) RETURN *', ['n']],
  ['RETURN 1 AS x', ['x', 'y']],
  ['RETURN "a`b"', ['a`b']],
  ['CREATE (:P {id: 4})', []],
])('says so when it cannot rewrite %s', (statement, names) => {
  const columns = names.map((name) => ({ name, castTo: 'STRING' as const }));
  expect(castColumns(tokensOf(statement), columns)).toBeUndefined();
});
