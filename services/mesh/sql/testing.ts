import { randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { testCluster } from './cluster.testing.ts';
import { type Database, openPostgres, usePglite } from './database.ts';

/** A kind of database that contract suites run on. */
export interface TestDatabase {
  readonly name: string;
  /** A database of its own, empty. */
  open(): Promise<Database>;
}

const postgresUrl = process.env.TRELLIS_TEST_POSTGRES_URL;
if (!postgresUrl) {
  const message = 'TRELLIS_TEST_POSTGRES_URL is not set: NOTHING is tested on Postgres, only on PGlite';
  if (process.env.CI) throw new Error(message);
  process.stderr.write(`\n!!! ${message}\n`);
}

/** PGlite always, Postgres where TRELLIS_TEST_POSTGRES_URL names a server; CI must have both. */
export const testDatabases: readonly TestDatabase[] = [
  { name: 'PGlite', open: openFreshPglite },
  ...(postgresUrl ? [{ name: 'Postgres', open: () => openFreshPostgres(postgresUrl) }] : []),
];

async function openFreshPglite(): Promise<Database> {
  const cluster = testCluster();
  const options = cluster ? { loadDataDir: await openAsBlob(cluster.archive) } : {};
  return usePglite(await PGlite.create('memory://', options));
}

async function openFreshPostgres(serverUrl: string): Promise<Database> {
  const name = `trellis_test_${randomBytes(6).toString('hex')}`;
  await onServer(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const database = await openPostgres(url.href, (error) => {
    throw error;
  });
  return {
    ...database,
    close: async () => {
      await database.close();
      await onServer(serverUrl, `DROP DATABASE ${name}`);
    },
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
