import type { Migrations } from '../../mesh/sql/migrate.ts';

/** The schema that credit's store expects. */
export const creditMigrations: Migrations = {
  schema: 'credit',
  folder: new URL('./migrations/', import.meta.url),
};
