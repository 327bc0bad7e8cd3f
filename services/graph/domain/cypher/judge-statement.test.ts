import { describe, expect, test } from 'vitest';
import { judgeStatement } from './judge-statement.ts';
import { DEFAULT_CYPHER_LIMITS } from './limits.ts';

const repeat = (text: string, times: number): string => text.repeat(times);

describe('an accepted statement', () => {
  test('says what runs and which parameters it wants', () => {
    const statement =
      'MATCH (n:P {id: $id}) /* $no */ WHERE n.name IN $names AND n.x = "$no" RETURN n.id, $1 ;';
    expect(judgeStatement(statement, 'read')).toMatchObject({
      ok: true,
      canonical: 'MATCH (n:P {id: $id}) WHERE n.name IN $names AND n.x = "$no" RETURN n.id, $1',
      kind: 'query',
      writes: false,
      isSchemaChange: false,
      returnsRows: true,
      parameters: new Set(['id', 'names', '1']),
    });
  });

  test.each([
    ['CREATE (n:P {id: 1})', { writes: true, changesRows: false, isSchemaChange: false, returnsRows: false }],
    ['MATCH (n) SET n.x = 1', { writes: true, changesRows: true, returnsRows: false }],
    ['MATCH (n) DETACH DELETE n', { writes: true, changesRows: true, returnsRows: false }],
    ['CREATE (a:P) MERGE (n:P {id: 1}) ON MATCH SET n.x = 1', { writes: true, changesRows: true }],
    ['CREATE (n:P {id: 1}) RETURN n', { writes: true, isSchemaChange: false, returnsRows: true }],
    ['RETURN `NextVal`("s")', { writes: true, isSchemaChange: false, returnsRows: true }],
    ['CREATE NODE TABLE t(id INT64 PRIMARY KEY)', { writes: true, isSchemaChange: true }],
    ['DROP TABLE t', { kind: 'drop-table', writes: true, isSchemaChange: true, returnsRows: false }],
  ])('is classified: %s', (statement, expected) => {
    expect(judgeStatement(statement, 'write')).toMatchObject({ ok: true, ...expected });
  });

  test('is accepted again in its canonical form, unchanged', () => {
    const first = judgeStatement('MATCH/**/(a)-[e:K*1..2]->(b) RETURN/**/a . id ;', 'read');
    if (!first.ok) expect.fail(first.message);
    expect(judgeStatement(first.canonical, 'read')).toMatchObject({ ok: true, canonical: first.canonical });
  });
});

describe('a refused statement', () => {
  test('names the construct and its place', () => {
    expect(judgeStatement('MATCH (n)\n  LOAD FROM "x" RETURN n', 'write')).toEqual({
      ok: false,
      reason: 'STATEMENT_NOT_ALLOWED',
      construct: 'LOAD FROM',
      message: 'LOAD FROM is not allowed',
      offset: 12,
      line: 2,
      column: 3,
    });
  });

  test('names the write that a read may not make', () => {
    const verdict = judgeStatement('MATCH (n) WITH n SET n.x = 1', 'read');
    expect(verdict).toMatchObject({ ok: false, reason: 'STATEMENT_WRITES', construct: 'SET', column: 18 });
  });

  test('never quotes more than a little of the statement', () => {
    const verdict = judgeStatement(`RETURN 1 ${repeat('x', 500)}`, 'read');
    expect(verdict.ok ? '' : verdict.message.length).toBeLessThan(120);
  });

  test.each([
    'MATCH (n) SET n.x = 1 MATCH (m) RETURN m',
    'MATCH (n)',
    'RETURN 1 RETURN 2',
    'RETURN 1 = 2 = 3',
    'RETURN 1 != 2',
    'MATCH (a)<-[e]->(b) RETURN a',
    'RETURN $ a',
    'RETURN $`a`',
    'RETURN 1 AS end',
    'OPTIONAL RETURN 1',
    'MERGE (n) ON DELETE SET n.x = 1',
    'CREATE TABLE t(id INT64)',
  ])('lies outside the engine grammar: %s', (statement) => {
    expect(judgeStatement(statement, 'write')).toMatchObject({ ok: false, reason: 'STATEMENT_SYNTAX' });
  });

  test('does not open tables to options that the gate does not know', () => {
    const verdict = judgeStatement(`CREATE REL TABLE r(FROM A TO B) WITH (storage = '/x')`, 'write');
    expect(verdict).toMatchObject({ ok: false, reason: 'STATEMENT_NOT_ALLOWED', construct: 'table option' });
  });
});

describe('what the engine answers wrongly, or dies of, is refused', () => {
  test.each([
    ['MATCH (n:T) RETURN n.g, count(DISTINCT n.v), count(*)', 45],
    ['MATCH (n:T) WITH n.g AS g, sum(n.v) AS s, max(DISTINCT n.v) AS m, collect(n.v) AS l RETURN g', 66],
    ['MATCH (n:T) RETURN n.g, count(DISTINCT n.v) / count(n.v)', 46],
    ['MATCH (n:T) RETURN n.h + count(DISTINCT n.v) + sum(n.v)', 47],
    ['MATCH (n:T) RETURN 1, count(DISTINCT n.v), min(n.v)', 43],
    ['MATCH (n:T) RETURN *, count(DISTINCT n.v), min(n.v)', 43],
  ])('an aggregate after one of DISTINCT values, in groups: %s', (statement, offset) => {
    const construct = 'an aggregate after one of DISTINCT values, in groups,';
    expect(judgeStatement(statement, 'read')).toMatchObject({
      reason: 'STATEMENT_NOT_ALLOWED',
      construct,
      offset,
    });
  });

  test.each([
    'MATCH (n:T) RETURN n.g, count(*), sum(n.v), count(DISTINCT n.v), max(DISTINCT n.v)',
    'MATCH (n:T) RETURN count(DISTINCT n.v), count(*), sum(n.v) + 1',
    'MATCH (n:T) WITH n.g AS g, count(DISTINCT n.v) AS c RETURN c, sum(g)',
  ])('but not where it is right: %s', (statement) => {
    expect(judgeStatement(statement, 'read').ok).toBe(true);
  });

  test.each([
    "RETURN cast(['1'] AS DECIMAL(5, 2)[])",
    'RETURN cast(x AS DECIMAL(5,2)[2])',
    'RETURN cast(x AS MAP(STRING, DECIMAL(5, 2)))',
    'RETURN cast(x AS STRUCT(a decimal(5, 2)))',
    'RETURN CAST(x, " numeric(5, 2)[]")',
  ])('a cast to DECIMAL within another type: %s', (statement) => {
    const construct = 'CAST to DECIMAL within another type';
    expect(judgeStatement(statement, 'read')).toMatchObject({ reason: 'STATEMENT_NOT_ALLOWED', construct });
  });

  test.each([
    'WITH 1 AS x WHERE x > 0 RETURN x',
    "WITH 'a' AS x WITH x WHERE true RETURN x",
    'RETURN 1 AS x UNION WITH 2 AS x WHERE true RETURN x',
  ])('rows of nothing, filtered: %s', (statement) => {
    const construct = 'WITH … WHERE before any MATCH, UNWIND or CALL';
    expect(judgeStatement(statement, 'read')).toMatchObject({ reason: 'STATEMENT_NOT_ALLOWED', construct });
  });

  test.each([
    'WITH 1 AS x MATCH (n) WHERE x > 0 RETURN n',
    'WITH 1 AS x UNWIND [1] AS y WITH y WHERE y > 0 RETURN y',
    'WITH count(*) AS x WHERE x > 0 RETURN x',
  ])('but not rows of something: %s', (statement) => {
    expect(judgeStatement(statement, 'read').ok).toBe(true);
  });

  test.each([
    ['MATCH (n) DETACH DELETE n CREATE (:P)', 'DETACH DELETE before a clause other than RETURN', 10],
    ['MATCH (n) DETACH DELETE n WITH n RETURN n', 'DETACH DELETE before a clause other than RETURN', 10],
    ['MATCH (n) DETACH DELETE n DELETE n', 'DETACH DELETE before a clause other than RETURN', 10],
    ['MATCH (n) RETURN 1 UNION MATCH (n) DETACH DELETE n RETURN 1', 'DETACH DELETE in a UNION', 35],
    ['CREATE (n:P) DETACH DELETE n RETURN 1', 'RETURN after DETACH DELETE and other writes', 13],
    ['MATCH (n) DETACH DELETE n RETURN COUNT {MATCH (n)--()}', 'a subquery after DETACH DELETE', 10],
    ['MATCH (n) DETACH DELETE n RETURN (n)-[:K]->()', 'a subquery after DETACH DELETE', 10],
  ])('rows after DETACH DELETE that cannot be read before: %s', (statement, construct, offset) => {
    expect(judgeStatement(statement, 'write')).toMatchObject({
      reason: 'STATEMENT_NOT_ALLOWED',
      construct,
      offset,
    });
  });

  test.each([
    'MATCH (n) WITH n LIMIT 3 DETACH DELETE n RETURN n',
    'MATCH (n) WITH n SKIP 3 DETACH DELETE n RETURN count(*) + 1',
    'MATCH (n) WITH collect(n) AS l UNWIND l[1:2] AS m DETACH DELETE m RETURN m',
    'MATCH (n) WHERE n.at < current_timestamp() DETACH DELETE n RETURN n.at',
  ])('rows after DETACH DELETE that may be others: %s', (statement) => {
    const construct =
      'RETURN of more than count(*) after DETACH DELETE of what LIMIT, SKIP or a function chose';
    expect(judgeStatement(statement, 'write')).toMatchObject({ reason: 'STATEMENT_NOT_ALLOWED', construct });
  });

  test.each([
    'MATCH (n) DETACH DELETE n, m DETACH DELETE o;',
    'MATCH (n) DETACH DELETE n RETURN n.limit, count(*) ORDER BY n.limit LIMIT 1',
    'MATCH (n {limit: 1}) DETACH DELETE n RETURN n.skip',
    'MATCH (n) WITH n LIMIT 3 DETACH DELETE n RETURN COUNT(*) AS deleted;',
    'MATCH (n)-[e]->() DELETE e DETACH DELETE n',
    'UNWIND $ids AS i MATCH (n {id: i}) SET n.x = 1 DETACH DELETE n',
  ])('but not the others: %s', (statement) => {
    expect(judgeStatement(statement, 'write').ok).toBe(true);
  });

  test.each([
    ['ALTER TABLE P ADD FROM P TO P', 'P'],
    ['ALTER TABLE `a b` DROP IF EXISTS FROM P TO P', 'a b'],
    ['alter table P add if not exists from P to P', 'P'],
    ['ALTER TABLE P ADD x INT64', undefined],
    ['ALTER TABLE P DROP `FROM`', undefined],
    ['MATCH (n) RETURN n', undefined],
  ])('an altered connection names its table: %s', (statement, alteredConnectionOf) => {
    expect(judgeStatement(statement, 'write')).toMatchObject({ ok: true, alteredConnectionOf });
  });
});

describe('whitespace', () => {
  test.each([
    ...[
      'RETURN[1]',
      'RETURN 1AS x',
      'RETURN 1 AS`x`',
      'MATCH (n)WHERE n.id = 1 RETURN n',
      'RETURN x [1]',
      'RETURN x[ 1]',
    ],
    ...[
      'RETURN x[1 ]',
      'RETURN 1 AS a ORDER BY a , a',
      'RETURN list_transform([1], x - > x)',
      'RETURN struct_pack(a : = 1)',
    ],
    ...[
      'RETURN (1)OR(2)',
      "RETURN 'a'STARTS WITH 'a'",
      'RETURN 1 IN[1], [1]IN [1]',
      'RETURN cast(NULL AS INT64 [])',
    ],
    ...[
      'CREATE NODE TABLE`T`(id INT64 PRIMARY KEY)',
      'CREATE NODE TABLE T(`id`INT64)',
      'CREATE SEQUENCE s START - 1',
    ],
  ])('is missing, or too much, as in the engine: %s', (statement) => {
    expect(judgeStatement(statement, 'write')).toMatchObject({ ok: false, reason: 'STATEMENT_SYNTAX' });
  });
});

describe('what the engine cannot bear is refused before it sees it', () => {
  test.each([
    ['brackets', `RETURN ${repeat('(', 65)}1${repeat(')', 65)}`],
    ['CASE', `RETURN ${repeat('CASE WHEN true THEN ', 9)}1${repeat(' END', 9)}`],
    ['a chain of operators', `RETURN 1${repeat('+1', 500)}`],
    ['a chain inside chains', `RETURN ${repeat('(', 60)}1${repeat('+1+1+1+1+1+1+1+1+1)', 60)}`],
    ['NOT', `RETURN ${repeat('NOT ', 500)}true`],
    ['minus', `RETURN ${repeat('- ', 500)}x`],
    ['subscripts', `RETURN x${repeat('[1]', 500)}`],
    ['properties', `RETURN x${repeat('.a', 500)}`],
    ['clauses', `${repeat('WITH 1 AS x ', 200)}RETURN x`],
    ['a chain of relationships', `MATCH (a)${repeat('-[:K]->()', 17)} RETURN a`],
    ['a star of relationships', `MATCH (a) ${repeat('MATCH (a)-[:K]->() ', 17)} RETURN a`],
    ['subqueries', `MATCH (a) WHERE true${repeat(' AND EXISTS { MATCH (a)--() }', 17)} RETURN a`],
    ['nodes to detach', `MATCH (n) DETACH DELETE n${repeat(', n', 64)}`],
    ['list types', `RETURN cast(null AS INT64${repeat('[]', 501)})`],
    ['an array', 'CREATE NODE TABLE t(id INT64 PRIMARY KEY, v FLOAT[1000000000])'],
    ['arrays of arrays', 'CREATE NODE TABLE t(id INT64 PRIMARY KEY, v FLOAT[1000][1000])'],
    ['arrays in an array', 'ALTER TABLE P ADD v STRUCT(a FLOAT[40000], b FLOAT[40000])[1]'],
    ['an array of endless size', 'ALTER TABLE P ADD v MAP(STRING, FLOAT[99999999999999999999])'],
    ['branches', `RETURN 1 AS x${repeat(' UNION RETURN 1 AS x', 200)}`],
  ])('%s', (_what, statement) => {
    expect(judgeStatement(statement, 'write')).toMatchObject({ ok: false, reason: 'STATEMENT_TOO_COMPLEX' });
  });

  test('the bounds themselves are allowed', () => {
    for (const statement of [
      'CREATE NODE TABLE t(id INT64 PRIMARY KEY, v FLOAT[256][256], w INT64[65536])',
      `RETURN ${repeat('(', 64)}1${repeat(')', 64)}`,
      `RETURN ${repeat('CASE WHEN true THEN ', 8)}1${repeat(' END', 8)}`,
      `RETURN 1${repeat('+1', 499)}`,
      `MATCH (a)${repeat('-[:K]->()', 16)} WITH a MATCH (a)${repeat('--()', 16)} RETURN a`,
      `MATCH (a) CREATE (a)${repeat('-[:K]->(:P)', 100)} RETURN a`,
      `RETURN [1${repeat(',1', 5000)}]`,
    ]) {
      expect(judgeStatement(statement, 'write').ok).toBe(true);
    }
  });

  test('nesting that may be a path pattern is judged in reasonable time', () => {
    const depth = 20;
    for (const [open, close] of [
      ['({a: ', '})--(1)'],
      ['({a: ', '})-[1]-(b)'],
      ['({a: ', '})-[:K]->(b)'],
      ['((a)--(b) = ', ')'],
    ]) {
      const statement = `RETURN ${repeat(open ?? '', depth)}1${repeat(close ?? '', depth)}`;
      const start = performance.now();
      judgeStatement(statement, 'read');
      expect(performance.now() - start).toBeLessThan(500);
    }
  });

  test('the length comes from the caller', () => {
    const limits = { ...DEFAULT_CYPHER_LIMITS, statementCharsMax: 8 };
    expect(judgeStatement('RETURN 1', 'read', limits).ok).toBe(true);
    expect(judgeStatement('RETURN 10', 'read', limits)).toMatchObject({ reason: 'STATEMENT_TOO_LONG' });
  });
});
