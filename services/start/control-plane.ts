import { createCatalogServer } from '../catalog/server.ts';
import { createCreditServer } from '../credit/server.ts';
import { creditMigrations } from '../credit/store/migrations.ts';
import { createIamServer } from '../iam/server.ts';
import { iamMigrations } from '../iam/store/migrations.ts';
import { dataPaths } from '../mesh/config/mesh-config.ts';
import { lockDirectory } from '../mesh/process/directory-lock.ts';
import { type MeshProcess, openProcessDatabase } from '../mesh/process/mesh-process.ts';
import type { ServiceModule } from '../mesh/process/service-module.ts';
import type { Database, Sql } from '../mesh/sql/database.ts';
import { type Migrations, migrateDatabase } from '../mesh/sql/migrate.ts';
import { createRateLimitServer } from '../ratelimit/server.ts';
import type { Settings } from './settings.ts';

type CreateModule = (host: {
  readonly mesh: MeshProcess;
  readonly settings: Settings;
  /** The one database of the process, opened by the first who asks. */
  readonly database: () => Promise<Database>;
}) => Promise<ServiceModule>;

/** The services of the control plane by role. Any set of them can share a process. */
export const controlRoles: Readonly<Record<string, CreateModule>> = {
  iam: async ({ mesh, settings, database }) =>
    createIamServer({
      sql: await migrated(database, iamMigrations),
      channel: mesh.channel,
      log: mesh.log,
      config: settings.iam,
      keysDirectory: dataPaths(mesh.config.dataDirectory).keys,
    }),
  credit: async ({ mesh, settings, database }) =>
    createCreditServer({
      sql: await migrated(database, creditMigrations),
      log: mesh.log,
      config: settings.credit,
    }),
  ratelimit: async ({ settings }) => createRateLimitServer({ config: settings.ratelimit }),
  catalog: async ({ mesh, settings, database }) =>
    createCatalogServer({
      config: settings.catalog,
      database: await database(),
      connect: (address) => mesh.pool.get(address),
      registry: mesh.registry,
      log: mesh.log,
    }),
};

/** Hosts services of the control plane in this process; the shutdown closes them. */
export async function hostControlPlane(mesh: MeshProcess, settings: Settings, roles: readonly string[]) {
  let opened: Promise<Database> | undefined;
  const database = () => {
    opened ??= openDatabase(mesh);
    return opened;
  };
  const modules: ServiceModule[] = [];
  for (const role of roles) {
    const create = controlRoles[role];
    if (!create) throw new Error(`${role} is not a role of the control plane`);
    modules.push(await create({ mesh, settings, database }));
  }
  mesh.host(modules);
  for (const module of modules) {
    await module.start();
    mesh.shutdown.add(module.name, () => module.close());
  }
  return modules;
}

async function migrated(database: () => Promise<Database>, migrations: Migrations): Promise<Sql> {
  const opened = await database();
  await migrateDatabase(opened, migrations);
  return opened.sql;
}

/** The embedded database is for one process: a second one on the same directory is refused. */
async function openDatabase(mesh: MeshProcess): Promise<Database> {
  if (!mesh.config.databaseUrl) {
    const lock = await lockDirectory(dataPaths(mesh.config.dataDirectory).database);
    mesh.shutdown.add('database lock', () => lock.release());
  }
  return openProcessDatabase(mesh);
}
