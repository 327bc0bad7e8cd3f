import { describe, expect, test } from 'vitest';
import { tokenize } from '../cypher/tokenize.ts';
import { hasPreparablePlaces } from './parameter-places.ts';

describe('a statement is prepared where no parameter needs a type', () => {
  test.each([
    'MATCH (n:T {id: $id}) RETURN n',
    'MATCH (n:T {id: $id})-[r:R {a: 1, b: $b}]->(m) WHERE n.x >= $x AND n.y IN $ys OR n.s STARTS WITH $s RETURN n',
    'CREATE (:T {id: $id, `a b`: $v})',
    'MATCH (n) SET n.x = $x, n.y = $y RETURN n.id ORDER BY n.id SKIP $s LIMIT $l',
    'UNWIND $rows AS row MATCH (n:T {id: row.id}) SET n.x = row.x',
    'MATCH (c:Comment {id: $id})-[:Type {x: $x}]->() RETURN c',
    'UNWIND $ids AS id MATCH (n:T {id: id}) RETURN n.id',
    'RETURN 1',
  ])('%s', (statement) => expect(hasPreparablePlaces(tokenize(statement))).toBe(true));
});

describe('a statement is not prepared where a parameter may reach a function', () => {
  test.each([
    'RETURN $x AS x',
    'RETURN size($x) AS x',
    'WITH $x AS y RETURN keys(y)',
    'RETURN {a: $x} AS s',
    'RETURN [$x] AS l',
    'MATCH (n) WHERE EXISTS { MATCH (n) WHERE n.x = $x RETURN $x } RETURN n',
    'MATCH (n) WHERE n.x = $x + 1 RETURN n',
    'MATCH (n) WHERE n.x = $x.y RETURN n',
    'MATCH (n) WHERE $x = n.x RETURN n',
    'MATCH (n) WHERE n.x IN $xs[1:2] RETURN n',
    'UNWIND $rows AS row RETURN sum(row.x)',
    'UNWIND $rows AS row RETURN row',
    'UNWIND $rows AS row WITH row AS r RETURN r.x',
    'UNWIND $rows AS row CREATE (:T {id: row.id, x: row.x + 1})',
    'MATCH (n) UNWIND $rows AS row CREATE (:T {id: row.id})',
  ])('%s', (statement) => expect(hasPreparablePlaces(tokenize(statement))).toBe(false));
});
