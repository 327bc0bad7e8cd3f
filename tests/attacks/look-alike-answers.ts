/** The rows that each harmless look-alike answers with over REST; order means nothing. */
export const LOOK_ALIKE_ANSWERS: ReadonlyMap<string, readonly (readonly unknown[])[]> = new Map<
  string,
  readonly (readonly unknown[])[]
>([
  ["RETURN 'COPY x TO y'", [['COPY x TO y']]],
  ['RETURN "LOAD FROM \'/etc/passwd\'" AS x;', [["LOAD FROM '/etc/passwd'"]]],
  ["RETURN 'it\\'s; COPY P FROM \\\"x\\\"' AS x", [['it\'s; COPY P FROM "x"']]],
  ["RETURN 1 AS `ATTACH 'x'; COPY`", [[1]]],
  ['RETURN 1 AS `a``b`, 2 AS `c```', [[1, 2]]],
  [
    'MATCH (n:P) RETURN n.load, n.use',
    [
      ['x', 1],
      ['y', 2],
    ],
  ],
  ['MATCH (n:P) WHERE n.load CONTAINS "x" RETURN n.load AS load', [['x']]],
  [
    'MATCH (load:P) RETURN load.id AS copy, load.name AS attach',
    [
      [1, 'a'],
      [2, 'b'],
    ],
  ],
  ['MATCH (c:`Copy`) RETURN c.id', [[1]]],
  ['MATCH (c:Copy) RETURN c.id', [[1]]],
  ['RETURN 1 AS x /* ATTACH "o" (dbtype kuzu); COPY P FROM "x" */', [[1]]],
  ['RETURN 1 AS x // LOAD FROM "/etc/passwd"', [[1]]],
  ['RETURN 1 AS x // carriage return at the end\r', [[1]]],
  ['// USE other\r\nRETURN 1 AS x', [[1]]],
  ['/* ** /* // */ RETURN 1 AS x', [[1]]],
  ['/***/ */ RETURN 1 AS x /* **/ , 2 AS y */', [[1]]],
  ['RETURN 1 AS　x', [[1]]],
  ['RETURN 1 AS détaché, 2 AS 名前, 3 AS price€, 4 AS _', [[1, 2, 3, 4]]],
  ['RETURN 1 AS begin, 2 AS commit, 3 AS `end`', [[1, 2, 3]]],
  ['WITH 1 AS load RETURN load', [[1]]],
  ['WITH 1 AS call RETURN call + 1 AS call', [[2]]],
  ['UNWIND [1, 2] AS install_ RETURN install_', [[1], [2]]],
  [
    'MATCH (n:P) RETURN count(*), COUNT( DISTINCT n.id ), collect(n.name), sum(n.id), avg(n.id), min(n.id), max(n.id)',
    [[2, 2, ['a', 'b'], '3', 1.5, 1, 2]],
  ],
  [
    'MATCH (n:P) RETURN `upper`(n.name) AS u, UPPER(n.name) AS v',
    [
      ['A', 'A'],
      ['B', 'B'],
    ],
  ],
  [
    'RETURN cast("1" AS INT64), cast(1.5 AS DECIMAL(18, 2)), CAST("[1]", "INT64[]"), cast(null AS MAP(STRING, INT64)) AS m',
    [[1, '1.50', [1], null]],
  ],
  ['RETURN cast(null AS STRUCT(a INT64, b STRING[])) AS s, cast([1, 2] AS INT64[2]) AS t', [[null, [1, 2]]]],
  ['RETURN cast(null AS UNION(a INT64, b STRING)) AS u', [[null]]],
  ['RETURN list_transform([1, 2], x -> x + 1), list_filter([1, 2], x -> x > 1)', [[[2, 3], [2]]]],
  [
    'RETURN regexp_extract("abc", "(a)(b)", 2) AS a, regexp_extract("abc", "a.") AS b, regexp_extract_all("abab", "(a)b", 1) AS c',
    [['b', 'ab', ['a', 'a']]],
  ],
  [
    'RETURN struct_pack(a := 1, b := "x") AS s, {a: 1, "b c": 2} AS t, [1, , 2] AS l',
    [[{ a: 1, b: 'x' }, { a: 1, 'b c': 2 }, [1, null, 2]]],
  ],
  ['RETURN CASE WHEN true THEN 1 ELSE 2 END AS x, CASE 1 WHEN 1 THEN "a" END AS y', [[1, 'a']]],
  [
    'RETURN [1, 2, 3][1] AS a, [1, 2, 3][1:2] AS b, [1, 2][:] AS c, "abc"[:2] AS d, [1, 2, 3][2:] AS e',
    [[1, [1, 2], [1, 2], 'ab', [2, 3]]],
  ],
  [
    'RETURN 1 IN [1] AS a, NOT NOT true AS b, - -1 AS c, 3! AS d, 2 ^ 3 AS e, 7 % 2 AS f, 1 << 2 AS g, 5 & 3 | 8 AS h',
    [[true, true, 1, 6, 8, 1, 4, 9]],
  ],
  [
    'RETURN null IS NULL AS a, 1 IS NOT NULL AS b, "abc" =~ "a.*" AS c, "abc" STARTS WITH "a" AS d, "abc" ENDS WITH "c" AS e',
    [[true, true, true, true, true]],
  ],
  [
    'RETURN 1.5 AS a, .5 AS b, 1e3 AS c, 1.5e-3 AS d, 1 <> 2 AS e, true XOR false AS f, 1 = 1 OR 1 <= 2 AND 3 >= 2 AS g',
    [[1.5, 0.5, 1000, 0.0015, true, true, true]],
  ],
  [
    'RETURN any(x IN [1] WHERE x > 0) AS a, ALL (x IN [1] WHERE x > 0) AS b, none(x IN [1] WHERE x > 1) AS c',
    [[true, true, true]],
  ],
  ['MATCH (a:P)-[e:K*1..3]->(b:P) RETURN a.id, b.id, length(e)', [[1, 2, 1]]],
  ['MATCH (a:P)-[e:K* ACYCLIC 1..3]->(b:P) RETURN length(e)', [[1]]],
  ['MATCH (a:P)-[e:K*TRAIL 1..2]->(b:P) RETURN length(e)', [[1]]],
  ['MATCH (a:P)-[e:K* SHORTEST 1..3]->(b:P) RETURN length(e)', [[1]]],
  ['MATCH (a:P)-[e:K* ALL SHORTEST 1..3]->(b:P) RETURN length(e)', [[1]]],
  ['MATCH (a:P)-[e:K* WSHORTEST(w)]->(b:P) RETURN cost(e)', [[3]]],
  ['MATCH (a:P)-[e:K* ALL WSHORTEST(w)]->(b:P) RETURN cost(e)', [[3]]],
  [
    'MATCH (a:P)-[e:K*1..2 (r, n | WHERE r.w > 1 | {r.w}, {n.name})]->(b:P) RETURN properties(rels(e), "w")',
    [[[3]]],
  ],
  [
    'MATCH p = (a:P)-[:K]->(b) RETURN nodes(p), rels(p), length(p)',
    [
      [
        [
          { _id: '0:0', _label: 'P', id: 1, name: 'a', load: 'x', use: 1 },
          { _id: '0:1', _label: 'P', id: 2, name: 'b', load: 'y', use: 2 },
        ],
        [{ _id: '2:0', _label: 'K', _src: '0:0', _dst: '0:1', w: 3 }],
        1,
      ],
    ],
  ],
  [
    'MATCH (a:P)<-[:K]-(b:P), (c:P)--(d:P) RETURN id(a), label(b), offset(id(c))',
    [
      ['0:1', 'P', 1],
      ['0:1', 'P', 0],
    ],
  ],
  ['MATCH ((a:P)-[e:K|:K]->(b:P)) RETURN e.w', [[3]]],
  ['MATCH (a:P) WHERE (a)-[:K]->(:P) RETURN a.id', [[1]]],
  ['MATCH (a:P) WHERE EXISTS { MATCH (a)-[:K]->(b:P) WHERE b.id > 1 } RETURN a.id', [[1]]],
  ['MATCH (a:P) RETURN COUNT { MATCH (a)-[:K]->(b:P) } AS n', [[1]]],
  ['MATCH (a:P)−[e:K]‐⟩(b:P) RETURN e.w', [[3]]],
  ['OPTIONAL MATCH (a:P {id: 9}) RETURN a.id', [[null]]],
  ['MATCH (a:P) WITH a ORDER BY a.id DESC SKIP 0 LIMIT 1 WHERE a.id > 0 RETURN a.*', [[2, 'b', 'y', 2]]],
  ['MATCH (a:P) RETURN DISTINCT a.name AS n ORDER BY n ASC, n DESCENDING SKIP 1 LIMIT 1', [['b']]],
  [
    'MATCH (a:P) RETURN *',
    [
      [{ _id: '0:0', _label: 'P', id: 1, name: 'a', load: 'x', use: 1 }],
      [{ _id: '0:1', _label: 'P', id: 2, name: 'b', load: 'y', use: 2 }],
    ],
  ],
  ['RETURN 1 AS x UNION ALL RETURN 2 AS x UNION ALL MATCH (a:P) RETURN a.id AS x', [[1], [2], [1], [2]]],
  ['MATCH (a:P)-[e:K]->(b:P) HINT (a JOIN e) JOIN b RETURN a.id', [[1]]],
  ['CALL show_tables() RETURN name', [['P'], ['Copy'], ['K']]],
  ['CALL SHOW_TABLES() WHERE n = "P" YIELD id, name AS n, type, `database name`, comment RETURN n', [['P']]],
  [
    "CALL table_info('P') RETURN *",
    [
      [0, 'id', 'INT64', 'NULL', true],
      [1, 'name', 'STRING', 'NULL', false],
      [2, 'load', 'STRING', 'NULL', false],
      [3, 'use', 'INT64', 'NULL', false],
    ],
  ],
  ['CALL show_functions() RETURN count(*)', [[1145]]],
  [
    'CALL `show_tables`() RETURN *',
    [
      [0, 'P', 'NODE', 'local(kuzu)', ''],
      [1, 'Copy', 'NODE', 'local(kuzu)', ''],
      [3, 'K', 'REL', 'local(kuzu)', ''],
    ],
  ],
  [`RETURN "/*" AS a, '*/' AS b`, [['/*', '*/']]],
  [`RETURN '//' AS a // '`, [['//']]],
  [`RETURN 1 AS x //\u2028 ; COPY P FROM 'x'`, [[1]]],
  ['WITH 1 AS attach, 2 AS use, 3 AS export RETURN attach + use + export AS import', [[6]]],
  [
    'RETURN 1 AS \u017fet, 2 AS \u212aelvin, 3 AS \u0131nstall, 4 AS \uff23\uff2f\uff30\uff39',
    [[1, 2, 3, 4]],
  ],
  ['RETURN\u1680\u180e\u2028\u20291\u205fAS\u202fx', [[1]]],
  [
    'MATCH (n:P) RETURN n.name AS g, count(*) AS c, count(DISTINCT n.id) AS d',
    [
      ['a', 1, 1],
      ['b', 1, 1],
    ],
  ],
  ['MATCH (n:P) RETURN count(DISTINCT n.id) AS d, count(*) AS c', [[2, 2]]],
  ['RETURN cast(1.5 AS DECIMAL(5, 2)) AS decimal, cast("2", "DECIMAL(5, 2)") AS numeric', [['1.50', '2.00']]],
  ['MATCH (a:P) WHERE EXISTS { MATCH (a)-[e:K]->(b:P) HINT (a JOIN e) JOIN b } RETURN a.id', [[1]]],
  [`RETURN '; COPY P FROM "x"; ' AS \`'; CHECKPOINT\``, [['; COPY P FROM "x"; ']]],
]);
