import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection, Database, type QueryResult } from 'kuzu';
import { amazonFiles, amazonSchema, secondsOf, type Times } from './amazon.ts';

/** The engine's own COPY of the files, in this process, with the memory and threads that a graph has. */
export async function measureCopy(bufferPoolBytes: number): Promise<Times> {
  const directory = await mkdtemp(join(tmpdir(), 'trellis-bulk-load-'));
  const path = join(directory, 'graph.kuzu');
  const database = new Database(path, bufferPoolBytes, true, false, 2 ** 40, false, -1);
  const connection = new Connection(database, 2);
  const run = async (statement: string) => ((await connection.query(statement)) as QueryResult).close();
  const times: Record<string, number> = {};
  for (const statement of amazonSchema) await run(statement);
  for (const { table, path: file } of amazonFiles) {
    times[table] = await secondsOf(() => run(`COPY ${table} FROM '${file}' (delim='\t', header=false)`));
  }
  await connection.close();
  await database.close();
  await rm(directory, { recursive: true });
  return times;
}
