import type { Migrations } from '../../mesh/sql/migrate.ts';

/** The schema that iam's stores expect. */
export const iamMigrations: Migrations = {
  schema: 'iam',
  folder: new URL('./migrations/', import.meta.url),
};
