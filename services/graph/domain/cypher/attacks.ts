/** A statement that must never reach the engine, in any mode. */
export interface Attack {
  readonly statement: string;
  /** The construct that the refusal names; absent where any refusal will do. */
  readonly construct?: string;
}

const attack = (construct: string, ...statements: string[]): Attack[] =>
  statements.map((statement) => ({ statement, construct }));

const FILES: readonly Attack[] = [
  ...attack('LOAD', `LOAD FROM '/etc/passwd' RETURN *`, `load from "x.csv" (header=true) RETURN *`),
  ...attack(
    'LOAD',
    `LOAD WITH HEADERS (a INT64) FROM 'x.csv' RETURN a`,
    `\n\tLoAd\u00a0FrOm 'x.csv' RETURN *`,
  ),
  ...attack('LOAD', `LOAD EXTENSION '/tmp/evil.kuzu_extension'`, `LOAD httpfs`, 'LOAD FROM $file RETURN *'),
  ...attack('LOAD FROM', `MATCH (n) LOAD FROM 'x.csv' RETURN *`, `WITH 1 AS load LOAD FROM 'x.csv' RETURN *`),
  ...attack(
    'LOAD FROM',
    `CREATE NODE TABLE t AS LOAD FROM 'x.csv' RETURN *`,
    `RETURN 1 UNION LOAD FROM 'x' RETURN *`,
  ),
  ...attack('LOAD FROM', `CREATE REL TABLE r(FROM A TO B) AS LOAD/**/FROM 'x.csv' RETURN *`),
  ...attack('LOAD FROM', `MATCH (n) LOAD WITH HEADERS (a INT64) FROM 'x.csv' RETURN *`),
  ...attack(
    'COPY',
    `COPY P FROM 'x.csv'`,
    `COPY P FROM ('a','b') BY COLUMN`,
    'COPY P FROM (MATCH (n) RETURN n.id)',
  ),
  ...attack('COPY', `COPY (MATCH (n) RETURN n) TO 'x.csv'`, `copy(MATCH (n) RETURN n) TO 'x.csv'`),
  ...attack(
    'COPY',
    `COPY\u2003P FROM 'x'`,
    `/* a */ COPY /* b */ P FROM 'x'`,
    `// RETURN 1\nCOPY P FROM 'x'`,
  ),
  ...attack('EXPORT', `EXPORT DATABASE '/tmp/x'`, `export database 'x' (format="csv")`),
  ...attack('IMPORT', `IMPORT DATABASE '/tmp/x'`),
];

const DATABASES_AND_EXTENSIONS: readonly Attack[] = [
  ...attack(
    'ATTACH',
    `ATTACH 'other.kuzu' AS o (dbtype kuzu)`,
    `ATTACH 'o.kuzu'(DBTYPE kuzu, skip_unsupported_table=true)`,
  ),
  ...attack('DETACH', 'DETACH other', 'DETACH `delete`', 'DETACH DELETE', 'DETACH delete;'),
  ...attack('USE', 'USE other'),
  ...attack('INSTALL', 'INSTALL httpfs', `INSTALL x FROM 'http://evil/'`),
  ...attack('FORCE', 'FORCE INSTALL httpfs'),
  ...attack('UNINSTALL', 'UNINSTALL httpfs'),
  ...attack('UPDATE', 'UPDATE httpfs'),
  ...attack('CREATE MACRO', 'CREATE MACRO f(x) AS x + 1', 'create/**/macro f() AS 1'),
  ...attack('CREATE USER', 'CREATE USER alice'),
  { statement: 'DROP MACRO f' },
  { statement: 'CREATE GRAPH g' },
  { statement: 'DROP DATABASE x' },
];

const SETTINGS_AND_TRANSACTIONS: readonly Attack[] = [
  ...attack(
    'CALL setting',
    `CALL file_search_path='/etc'`,
    'CALL `threads` = 1',
    'CALL timeout=0',
    'CALL call = 1',
  ),
  ...attack('BEGIN', 'BEGIN TRANSACTION', 'BEGIN TRANSACTION READ ONLY'),
  ...attack('COMMIT', 'COMMIT', 'commit;'),
  ...attack('ROLLBACK', 'ROLLBACK'),
  ...attack('CHECKPOINT', 'CHECKPOINT;', 'checkpoint'),
  ...attack('EXPLAIN', 'EXPLAIN MATCH (n) RETURN n', 'EXPLAIN LOGICAL RETURN 1'),
  ...attack('PROFILE', 'PROFILE RETURN 1', `PROFILE COPY (RETURN 1) TO 'x.csv'`),
];

const FUNCTIONS: readonly Attack[] = [
  ...attack('CALL current_setting', `CALL current_setting('threads') RETURN *`),
  ...attack('CALL SHOW_ATTACHED_DATABASES', 'CALL SHOW_ATTACHED_DATABASES() RETURN *'),
  ...attack(
    'CALL READ_CSV_SERIAL',
    `CALL READ_CSV_SERIAL('x.csv') RETURN *`,
    `CALL \`READ_CSV_SERIAL\`('x.csv') RETURN *`,
  ),
  ...attack('CALL READ_PARQUET', `MATCH (n) CALL READ_PARQUET('x') RETURN *`),
  ...attack('CALL PROJECT_GRAPH', `CALL PROJECT_GRAPH('g', ['P'], ['K'])`),
  ...attack('CALL PROJECT_GRAPH_CYPHER', `CALL PROJECT_GRAPH_CYPHER('g', 'MATCH (n) RETURN n')`),
  ...attack('CALL DROP_PROJECTED_GRAPH', `CALL DROP_PROJECTED_GRAPH('g')`),
  ...attack('CALL clear_warnings', 'CALL clear_warnings()'),
  ...attack('CALL show_loaded_extensions', 'CALL show_loaded_extensions() RETURN *'),
  ...attack('CALL storage_info', `CALL storage_info('P') RETURN *`),
  ...attack('CALL bm_info', 'CALL bm_info() RETURN *'),
  ...attack('CALL CREATE_FTS_INDEX', `CALL CREATE_FTS_INDEX('P', 'i', ['name'])`),
  ...attack('CALL _CACHE_ARRAY_COLUMN_LOCALLY', `CALL _CACHE_ARRAY_COLUMN_LOCALLY('P', 'name')`),
  ...attack('standalone CALL', 'CALL show_tables()', 'CALL show_tables();'),
  ...attack(
    'function current_setting',
    `RETURN current_setting('threads')`,
    `RETURN \`current_setting\`('threads')`,
  ),
  ...attack('function getenv', `RETURN getenv('HOME')`, `MATCH (n) WHERE n.id = getenv ('HOME') RETURN n`),
  ...attack('function getenv', `RETURN [1, {a: getenv('x')}]`, `RETURN CASE WHEN getenv('x') THEN 1 END`),
  ...attack(
    'function getenv',
    `RETURN list_transform([1], x -> getenv('x'))`,
    `RETURN cast(getenv('x') AS STRING)`,
  ),
  ...attack(
    'function getenv',
    `MATCH (n {id: getenv('x')}) RETURN n`,
    `MATCH (n)-[e:K {w: getenv('x')}]->() RETURN n`,
  ),
  ...attack(
    'function getenv',
    `RETURN EXISTS { MATCH (n) WHERE n.id = getenv('x') }`,
    `RETURN 1 ORDER BY getenv('x')`,
  ),
  ...attack('function getenv', `RETURN ANY(x IN getenv('a') WHERE x = 1)`, `RETURN 1 SKIP getenv('x')`),
  ...attack('function getenv', `MATCH (a)-[e*1..2 (r, n | WHERE getenv('x') = '')]->(b) RETURN e`),
  ...attack('function getenv', `CALL table_info(getenv('x')) RETURN *`),
  ...attack('function +', 'RETURN `+`(1, 2)'),
  ...attack('function copy_csv', 'RETURN copy_csv(1)'),
];

/** Texts that an ordinary tokenizer reads otherwise than the engine, or that no tokenizer should read. */
export const LEXER_ATTACKS: readonly Attack[] = [
  ...attack('COPY', `/***/ RETURN '*/ COPY (MATCH (n) RETURN n.id) TO "x.csv" //'`),
  ...attack('LOAD', `/***/ RETURN '*/ LOAD FROM "/etc/passwd" RETURN * //'`),
  ...attack('COPY', `/*****/ RETURN "*/ COPY P FROM 'x' //"`),
  ...attack('several statements', `RETURN 1 /***/ AS a //*/ ; COPY P FROM 'x'`),
  ...attack('several statements', `RETURN 'it\\'s'; COPY P FROM 'x'`, `RETURN "\\\\"; COPY P FROM 'x'`),
  ...attack(
    'several statements',
    'RETURN 1; RETURN 2',
    `RETURN 1;COPY P FROM 'x'`,
    'RETURN 1 ; /* */ CHECKPOINT',
  ),
  ...attack(
    'several statements',
    `RETURN 1 AS \`a\`\`;\`; COPY P FROM 'x'`,
    `RETURN '--'; ATTACH 'o' (dbtype kuzu)`,
  ),
  ...attack(
    'comment',
    `RETURN 1 // x\r COPY P FROM 'x'`,
    'RETURN 1 /* open',
    'RETURN 1 /*/',
    'RETURN 1 /***/',
  ),
  ...attack('string', `RETURN 'it''s \\q'; COPY P FROM 'x`, `RETURN 'a\\`, `RETURN "open`),
  ...attack('U+0085', `RETURN\u00851`),
  ...attack('U+200B', `CO\u200bPY P FROM 'x'`, `RETURN 1\u200b`),
  ...attack('U+FEFF', '\ufeffRETURN 1'),
  ...attack('NUL', `RETURN 1\0; COPY P FROM 'x'`),
  ...attack('lone surrogate', 'RETURN 1 AS \ud800'),
  ...attack('name', 'RETURN 1 AS `a'),
  ...attack('``', 'RETURN 1 AS ``'),
  { statement: `ＣＯＰＹ P FROM 'x'` },
  { statement: `СОРУ P FROM 'x'` },
  { statement: `\`COPY\` P FROM 'x'` },
  { statement: `RETURN 1 COPY P FROM 'x'` },
  { statement: `RETURN 1 UNION COPY (RETURN 1) TO 'x'` },
  { statement: `MATCH (n) WHERE EXISTS { LOAD FROM 'x' RETURN 1 } RETURN n`, construct: 'LOAD FROM' },
  { statement: 'RETURN COUNT { CALL show_tables() }' },
  { statement: 'WITH 1 AS x CALL { MATCH (n) RETURN n } RETURN x' },
  { statement: ';RETURN 1' },
  { statement: 'RETURN 1;;' },
  { statement: '' },
  { statement: ' /* nothing */ ;' },
];

/** What the graph design lists as refused, by every route that the grammar offers. */
export const STATEMENT_ATTACKS: readonly Attack[] = [
  ...FILES,
  ...DATABASES_AND_EXTENSIONS,
  ...SETTINGS_AND_TRANSACTIONS,
  ...FUNCTIONS,
];
