import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Api, createApi } from '../api/api.ts';
import { ApiError } from '../api/api-error.ts';
import { toNumber } from '../api/exact-json.ts';
import { importPath } from '../api/import-path.ts';
import type { Column, Row } from '../api/result.ts';
import { CliError } from '../failure.ts';
import { toResultTable, toSummary } from '../output/result.ts';
import { toTable } from '../output/table.ts';
import type { Tokens } from '../profile/session.ts';
import { toCsv } from './csv.ts';
import { countStatement, type Question, questions } from './questions.ts';
import { readCountries, schema, type TableRows, toTables } from './world.ts';

export interface DemoOptions {
  readonly url: string;
  /** Shows a text on lines of its own. */
  readonly say: (text: string) => void;
}

interface Answer {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly elapsedMs: number;
}

/** The whole demo, through the front door only: what it does, any client can do. Throws CliError. */
export async function runDemo({ url, say }: DemoOptions): Promise<void> {
  const secret = await openAccount(url, say);
  const api = createApi({ url, credential: secret });
  const graphId = await createGraph(api, say);
  const tables = toTables(readCountries());
  await load(api, graphId, tables, say);
  await checkCounts(api, graphId, tables, say);
  for (const question of questions) await answer(api, graphId, question, say);
  const statement = "MATCH (c:Country {name: 'Japan'}) RETURN c";
  say(`The graph is ${graphId}. Go on with:

  export TRELLIS_URL=${url} TRELLIS_API_KEY=${secret}
  npm run --silent cli -- schema ${graphId}
  npm run --silent cli -- query ${graphId} "${statement}"
`);
}

/** Registers a throwaway account and creates an API key, whose secret it gives back. */
async function openAccount(url: string, say: DemoOptions['say']): Promise<string> {
  const email = `demo-${randomBytes(4).toString('hex')}@example.com`;
  const account = { email, password: randomBytes(18).toString('base64url'), name: 'Demo' };
  const tokens = await patiently(say, () =>
    createApi({ url }).call<Tokens>('POST', '/v1/auth/register', account),
  );
  const api = createApi({ url, credential: tokens.accessToken });
  const { secret } = await api.call<{ secret: string }>('POST', '/v1/api-keys', { displayName: 'demo' });
  say(`Opened the account ${email} with an API key at ${url}.`);
  return secret;
}

/** Tries once more where the mesh says when: without an account, calls are limited by address. */
async function patiently<T>(say: DemoOptions['say'], call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ApiError) || error.retryAfterMs === undefined) throw error;
    say(`Waiting, because the mesh says: ${error.message}`);
    await pause(error.retryAfterMs);
    return await call();
  }
}

async function createGraph(api: Api, say: DemoOptions['say']): Promise<string> {
  const body = { displayName: 'Countries of the world' };
  const { graph } = await api.call<{ graph: { graphId: string } }>('POST', '/v1/graphs', body);
  for (const statement of schema) {
    await api.call('POST', `/v1/graphs/${graph.graphId}/execute`, { statement });
  }
  say(`Created the graph ${graph.graphId} with ${schema.length} tables.`);
  return graph.graphId;
}

async function load(api: Api, graphId: string, tables: readonly TableRows[], say: DemoOptions['say']) {
  for (const { table, columns, rows, ends } of tables) {
    const between = ends ? { fromLabel: ends.from, toLabel: ends.to } : {};
    const path = importPath(graphId, table, { header: true, ...between });
    const file = Buffer.from(toCsv(columns, rows));
    const content = (async function* () {
      yield file;
    })();
    const { rowCount, elapsedMs } = await api.upload<{ rowCount: number; elapsedMs: number }>(
      path,
      'text/csv',
      content,
    );
    if (rowCount !== rows.length) throw new CliError(`${table}: ${rowCount} rows loaded of ${rows.length}`);
    const name = ends ? `${table} (${ends.from} to ${ends.to})` : table;
    say(`  ${name}: ${toSummary(rowCount, elapsedMs)}`);
  }
}

/** Holds what the graph counts against the source. Throws CliError where a table has other rows. */
async function checkCounts(
  api: Api,
  graphId: string,
  tables: readonly TableRows[],
  say: DemoOptions['say'],
): Promise<void> {
  const { rows } = await query(api, graphId, { title: '', statement: countStatement });
  const loaded = new Map(rows.map(([label, total]) => [label, toNumber(total)]));
  const bySource = [...Map.groupBy(tables, ({ table }) => table)].map(([table, parts]) => {
    return [table, parts.reduce((sum, part) => sum + part.rows.length, 0)] as const;
  });
  const counts = bySource.map(([table, inSource]) => [table, inSource, loaded.get(table) ?? 0] as const);
  say(toTable(['table', 'rows in the source', 'rows in the graph'], counts));
  const wrong = counts.filter(([, inSource, inGraph]) => inSource !== inGraph).map(([table]) => table);
  if (wrong.length > 0)
    throw new CliError(`the graph does not have what the source has: ${wrong.join(', ')}`);
}

async function answer(api: Api, graphId: string, question: Question, say: DemoOptions['say']): Promise<void> {
  const { columns, rows, elapsedMs } = await query(api, graphId, question);
  const { title, statement, parameters } = question;
  const given = Object.entries(parameters ?? {}).map(([name, value]) => `\n// $${name} = '${value}'`);
  say(`${title}\n\n${(statement + given.join('')).replaceAll(/^/gm, '  ')}\n`);
  say(`${toResultTable(columns, rows)}${toSummary(rows.length, elapsedMs)}\n`);
}

async function query(api: Api, graphId: string, { statement, parameters = {} }: Question): Promise<Answer> {
  return await api.call<Answer>('POST', `/v1/graphs/${graphId}/query`, { statement, parameters });
}
