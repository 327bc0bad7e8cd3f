import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CALLABLE_FUNCTIONS, CALLABLE_TABLE_FUNCTIONS, WRITING_FUNCTIONS } from './callable-functions.ts';
import { openTestEngine, type TestEngine } from './engine.testing.ts';
import { NON_RESERVED_KEYWORDS, RESERVED_KEYWORDS } from './keywords.ts';

// Registered, and refused on purpose: operator spellings, what has syntax of its own, what gives away memory.
const REFUSED_EXPRESSION_FUNCTIONS = [
  '%',
  '*',
  '+',
  '-',
  '/',
  '^',
  'CAST',
  'COUNT_STAR',
  'ALL',
  'ANY',
  'NONE',
  'SINGLE',
  'STEM',
  'LIST_REDUCE',
];
// Registered, and refused on purpose: settings, files, other graphs, storage internals.
const REFUSED_TABLE_FUNCTIONS = [
  ...['BM_INFO', 'CATALOG_VERSION', 'CLEAR_WARNINGS', 'CURRENT_SETTING', 'DROP_PROJECTED_GRAPH', 'FILE_INFO'],
  ...['FSM_INFO', 'PROJECTED_GRAPH_INFO', 'PROJECT_GRAPH', 'PROJECT_GRAPH_CYPHER', 'READ_CSV_PARALLEL'],
  ...['READ_CSV_SERIAL', 'READ_NPY', 'READ_PARQUET', 'SHOW_ATTACHED_DATABASES', 'SHOW_LOADED_EXTENSIONS'],
  ...['SHOW_OFFICIAL_EXTENSIONS', 'SHOW_PROJECTED_GRAPHS', 'SHOW_WARNINGS', 'STORAGE_INFO'],
  ...['_CACHE_ARRAY_COLUMN_LOCALLY', 'COPY_CSV', 'COPY_PARQUET', 'COPY_JSON', 'JSON_SCAN'],
  // The npm binary links the fts, vector and algo extensions in: indexes read stop-word files and build Cypher
  // from their arguments, algorithms run on projected graphs.
  ...['CREATE_FTS_INDEX', 'DROP_FTS_INDEX', 'QUERY_FTS_INDEX', 'CREATE_VECTOR_INDEX', 'DROP_VECTOR_INDEX'],
  ...[
    'QUERY_VECTOR_INDEX',
    'WCC',
    'WEAKLY_CONNECTED_COMPONENTS',
    'SCC',
    'STRONGLY_CONNECTED_COMPONENTS',
    'SCC_KO',
  ],
  ...[
    'STRONGLY_CONNECTED_COMPONENTS_KOSARAJU',
    'KCORE',
    'K_CORE_DECOMPOSITION',
    'LOUVAIN',
    'PR',
    'PAGE_RANK',
  ],
];

let engine: TestEngine;
beforeAll(() => {
  engine = openTestEngine();
});
afterAll(() => engine.close());

test('every function that the engine registers is either allowed or refused on purpose', () => {
  const allowed = new Set([...CALLABLE_FUNCTIONS, ...WRITING_FUNCTIONS, ...CALLABLE_TABLE_FUNCTIONS]);
  const refused = new Set([...REFUSED_EXPRESSION_FUNCTIONS, ...REFUSED_TABLE_FUNCTIONS]);
  const registered = engine.run('CALL show_functions() RETURN DISTINCT name').rows.map((row) => {
    return String(JSON.parse(row)[0]).toUpperCase();
  });
  expect(registered.filter((name) => !allowed.has(name) && !refused.has(name))).toEqual([]);
  expect(registered.length).toBeGreaterThan(150);
  const known = new Set(registered);
  expect([...allowed].filter((name) => !known.has(name))).toEqual([]);
});

test('no name is on both sides', () => {
  for (const name of [...REFUSED_EXPRESSION_FUNCTIONS, ...REFUSED_TABLE_FUNCTIONS]) {
    expect(
      [CALLABLE_FUNCTIONS, WRITING_FUNCTIONS, CALLABLE_TABLE_FUNCTIONS].some((set) => set.has(name)),
    ).toBe(false);
  }
});

describe('keywords', () => {
  test('are those of the engine', () => {
    const folder = dirname(createRequire(import.meta.url).resolve('kuzu'));
    const file = readFileSync(join(folder, 'kuzu-source/src/antlr4/keywords.txt'), 'utf8');
    const ours = [...RESERVED_KEYWORDS, ...NON_RESERVED_KEYWORDS].toSorted();
    // DECIMAL and SKIP have lexer rules of their own.
    expect(ours).toEqual([...new Set([...file.trim().split(/\s+/), 'DECIMAL', 'SKIP'])].toSorted());
  });

  test('serve as names exactly where the engine lets them', () => {
    const isName = (word: string): boolean =>
      engine.objection(`WITH 1 AS ${word} RETURN ${word}`) === undefined;
    expect([...NON_RESERVED_KEYWORDS].filter((word) => !isName(word))).toEqual([]);
    expect([...RESERVED_KEYWORDS].filter(isName)).toEqual([]);
  });
});
