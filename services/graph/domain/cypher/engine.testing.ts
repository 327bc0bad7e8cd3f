import { createRequire } from 'node:module';

// The binding's own types declare `any`; this is the part that the tests use.
interface Result {
  getAllSync(): Record<string, unknown>[];
  getColumnNamesSync(): string[];
  close(): void;
}
interface Prepared {
  isSuccess(): boolean;
  getErrorMessage(): string;
}
interface Connection {
  initSync(): void;
  prepareSync(statement: string): Prepared;
  querySync(statement: string): Result | Result[];
  closeSync(): void;
}
interface Database {
  initSync(): void;
  closeSync(): void;
}
interface Kuzu {
  Database: new (
    path: string,
    pool: number,
    compress: boolean,
    readOnly: boolean,
    sizeMax: number,
  ) => Database;
  Connection: new (database: Database, threads: number) => Connection;
}

const BUFFER_POOL_BYTES = 256 << 20;
const DATABASE_BYTES_MAX = 2 ** 30;

/** What running one statement gave. */
export interface Outcome {
  readonly columns: readonly string[];
  readonly rows: readonly string[];
}

/** One in-memory database of the real engine, for tests. */
export interface TestEngine {
  /** Runs one statement; throws the engine's error. */
  run(statement: string): Outcome;
  /** The engine's objection to a statement, without running it. */
  objection(statement: string): string | undefined;
  /** The same inside a read-only transaction, where the engine objects to every write. */
  readOnlyObjection(statement: string): string | undefined;
  close(): void;
}

/** Opens the engine and runs a setup. */
export function openTestEngine(setup: readonly string[] = []): TestEngine {
  const kuzu = createRequire(import.meta.url)('kuzu') as Kuzu;
  const database = new kuzu.Database(':memory:', BUFFER_POOL_BYTES, true, false, DATABASE_BYTES_MAX);
  database.initSync();
  const connection = new kuzu.Connection(database, 1);
  connection.initSync();
  const engine: TestEngine = {
    run: (statement) => {
      const results = [connection.querySync(statement)].flat();
      const last = results.at(-1);
      const columns = last?.getColumnNamesSync() ?? [];
      const rows = (last?.getAllSync() ?? []).map((row) => {
        // Not Object.values: a column named like an integer would come first.
        return JSON.stringify(
          columns.map((column) => row[column]),
          replaceBigInt,
        );
      });
      for (const result of results) result.close();
      return { columns, rows };
    },
    objection: (statement) => {
      const prepared = connection.prepareSync(statement);
      return prepared.isSuccess() ? undefined : prepared.getErrorMessage();
    },
    readOnlyObjection: (statement) => {
      engine.run('BEGIN TRANSACTION READ ONLY');
      const objection = engine.objection(statement);
      // Some objections have ended the transaction already.
      attempt(() => engine.run('ROLLBACK'));
      return objection;
    },
    close: () => {
      connection.closeSync();
      database.closeSync();
    },
  };
  for (const statement of setup) engine.run(statement);
  return engine;
}

function attempt(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!/No active transaction/.test(String(error))) throw error;
  }
}

function replaceBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
