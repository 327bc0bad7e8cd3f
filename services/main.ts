#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import { Argument, program } from 'commander';
import type { Edge } from './edge/server.ts';
import { ConfigError } from './mesh/config/config.ts';
import { DirectoryInUseError } from './mesh/process/directory-lock.ts';
import { letHeapGrow } from './mesh/process/let-heap-grow.ts';
import { pause } from './mesh/process/pause.ts';
import { roles, start } from './start/start.ts';

letHeapGrow();

program
  .name('trellis-start')
  .description('Starts a process of the mesh: all of it, or some of its services.')
  .addArgument(new Argument('<roles...>', 'what to be').choices(roles))
  .action(async (wanted: string[]) => {
    try {
      const { mesh, edge } = await start(wanted, process.env);
      if (edge && wanted.includes('all')) await welcome(edge, mesh.config.dataDirectory);
    } catch (error) {
      process.stderr.write(`${toMessage(error)}\n`);
      process.exit(1);
    }
  });

await program.parseAsync();

/** Says where to go next, once calls are served. */
async function welcome(edge: Edge, dataDirectory: string): Promise<void> {
  while (!edge.readiness.isReady) await pause(50, AbortSignal.timeout(60_000));
  const url = `http://127.0.0.1:${edge.port}`;
  const account = JSON.stringify({
    email: `ada-${randomBytes(3).toString('hex')}@example.com`,
    password: 'correct horse battery staple',
    name: 'Ada',
  });
  process.stdout.write(`
Trellis is ready at ${url} (gRPC, gRPC-Web, Connect and REST on one port).

  Open an account:   curl -sS ${url}/v1/auth/register -H 'content-type: application/json' -d '${account}'
  See real data:     npm run demo${edge.port === 8080 ? '' : ` -- --url ${url}`}
  Read the API:      ${url}/openapi.json
  Watch readiness:   http://127.0.0.1:${edge.adminPort}/readyz

Everything is kept in ${dataDirectory}. Ctrl-C stops the mesh.

`);
}

function toMessage(error: unknown): string {
  if (error instanceof ConfigError) return `Trellis cannot start: ${error.message}`;
  if (error instanceof DirectoryInUseError) {
    return `Trellis cannot start: ${error.message}. Stop that one first, or set TRELLIS_DATA_DIR to another directory.`;
  }
  const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  if (code === 'EADDRINUSE') {
    return `Trellis cannot start: port ${port} is taken. Set TRELLIS_EDGE_PORT and TRELLIS_ADMIN_PORT to free ones.`;
  }
  return `Trellis cannot start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
