import { fileURLToPath } from 'node:url';
import type { Database } from './database.ts';

export interface Migrations {
  /** The Postgres schema that the service owns. */
  readonly schema: string;
  /** The folder that drizzle-kit wrote them to. */
  readonly folder: URL;
}

/** Brings a service's schema up to date. Its journal is the table `migration` in the schema `<schema>_journal`. */
export async function migrateDatabase(database: Database, { schema, folder }: Migrations): Promise<void> {
  await database.migrate({
    migrationsFolder: fileURLToPath(folder),
    migrationsSchema: `${schema}_journal`,
    migrationsTable: 'migration',
  });
}
