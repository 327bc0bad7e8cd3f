import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Connection, Database, type PreparedStatement, type QueryResult } from 'kuzu';
import { readTierTable } from '../../../services/mesh/plan/read-tier-table.ts';
import { ids, nodes, relationships, schema } from './statements.ts';

/** How a program may use the engine: its connections, and the threads that a statement has. */
export interface Concurrency {
  readonly connections: number;
  readonly threads: number;
}

/** Rows that are read between two turns of the event loop. */
const sliceRows = 512;

const ways: readonly Concurrency[] = [4, 8, 16].flatMap((connections) =>
  [1, 2].map((threads) => ({ connections, threads })),
);

/** The engine as a program would use it that holds it in its own process: prepared statements, no wire. */
export class BareEngine {
  readonly #database: Database;
  readonly #lanes = new Map<string, Promise<readonly Lane[]>>();

  private constructor(database: Database) {
    this.#database = database;
  }

  /** Opens a database in a directory and fills it with the benchmark's graph. */
  static async open(directory: string): Promise<BareEngine> {
    const bufferPoolBytes = readTierTable({}).findTier('standard')?.bufferPoolBytes ?? 0;
    const database = new Database(join(directory, 'bare.kuzu'), bufferPoolBytes, true, false, 2 ** 36, false);
    const connection = new Connection(database, 2);
    const csv = join(directory, 'relationships.csv');
    await writeFile(csv, relationships);
    for (const statement of [...schema, ...nodes, `COPY K FROM '${csv}'`, 'CHECKPOINT'])
      only(await connection.query(statement)).close();
    await connection.close();
    return new BareEngine(database);
  }

  /** The concurrency with which a statement runs most often in a second each. */
  async findBest(statement: string, seconds: number): Promise<Concurrency> {
    const counts: { readonly way: Concurrency; readonly count: number }[] = [];
    for (const way of ways) counts.push({ way, count: await this.run(statement, way, seconds) });
    const best = counts.toSorted((a, b) => b.count - a.count)[0];
    if (!best) throw new Error('nothing was measured');
    return best.way;
  }

  /** Runs a statement for each id in turn, as often as it goes; tells how often. */
  async run(statement: string, way: Concurrency, seconds: number): Promise<number> {
    const lanes = await this.#prepare(statement, way);
    const endMs = performance.now() + seconds * 1_000;
    let count = 0;
    const loop = async ({ connection, prepared }: Lane) => {
      while (performance.now() < endMs) {
        const result = only(await connection.execute(prepared, { id: ids[count++ % ids.length] ?? 0 }));
        while (result.hasNext()) result.getNextSync();
        result.close();
      }
    };
    await Promise.all(lanes.map(loop));
    return count;
  }

  /** Reads a whole result in slices; tells how long the statement and how long the reading took. */
  async iterate(statement: string): Promise<{ rows: number; statementMs: number; readingMs: number }> {
    const connection = new Connection(this.#database, 2);
    const startMs = performance.now();
    const result = only(await connection.query(statement));
    const readyMs = performance.now();
    let rows = 0;
    while (result.getNextSync()) {
      rows += 1;
      if (rows % sliceRows === 0) await setImmediate();
    }
    const readingMs = performance.now() - readyMs;
    result.close();
    await connection.close();
    return { rows, statementMs: readyMs - startMs, readingMs };
  }

  #prepare(statement: string, { connections, threads }: Concurrency): Promise<readonly Lane[]> {
    const key = `${connections} ${threads} ${statement}`;
    const known = this.#lanes.get(key);
    if (known) return known;
    const lanes = Promise.all(
      Array.from({ length: connections }, async () => {
        const connection = new Connection(this.#database, threads);
        return { connection, prepared: await connection.prepare(statement) };
      }),
    );
    this.#lanes.set(key, lanes);
    return lanes;
  }
}

interface Lane {
  readonly connection: Connection;
  readonly prepared: PreparedStatement;
}

function only(result: QueryResult | QueryResult[]): QueryResult {
  if (Array.isArray(result)) throw new Error('one statement gave several results');
  return result;
}
