import { mkdir } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import type { MigrationConfig } from 'drizzle-orm/migrator';
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres';
import { migrate as migratePostgres } from 'drizzle-orm/node-postgres/migrator';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator';
import pg from 'pg';

/** What stores speak to: the same over PGlite and Postgres. Within a transaction only its own handle may be used. */
export type Sql = PgDatabase<PgQueryResultHKT>;

/** An open database. */
export interface Database {
  readonly sql: Sql;
  /** Applies the migrations that the database lacks; processes that start together take turns. */
  migrate(config: MigrationConfig): Promise<void>;
  close(): Promise<void>;
}

/** Opens the embedded database in a directory. One process at a time. */
export async function openPglite(directory: string): Promise<Database> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return usePglite(await PGlite.create(directory));
}

/** The database that is open already. */
export function usePglite(client: PGlite): Database {
  const sql = drizzlePglite(client);
  return { sql, migrate: (config) => migratePglite(sql, config), close: () => client.close() };
}

/** Limits of the connection pool to Postgres. */
const poolLimits = {
  max: 10,
  connectionTimeoutMillis: 5_000,
  idleTimeoutMillis: 30_000,
  statement_timeout: 30_000,
};

/** Serialises migrations over all processes of a database: an arbitrary number of our own. */
const migrationLock = 7_211_001;

/** Opens a Postgres database by its URL. `onError` hears of idle connections that broke. */
export async function openPostgres(url: string, onError: (error: Error) => void): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url, ...poolLimits });
  pool.on('error', onError);
  await pool.query('SELECT 1').catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  const sql = drizzlePostgres(pool);
  return {
    sql,
    migrate: async (config) => {
      const client = await pool.connect();
      try {
        // Another process may take longer over its turn than a statement may run.
        await client.query('SET statement_timeout = 0');
        await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
        await migratePostgres(sql, config);
      } finally {
        // The lock ends with the connection.
        client.release(true);
      }
    },
    close: () => pool.end(),
  };
}
