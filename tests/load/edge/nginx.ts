import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { descendants } from '../../support/mesh.ts';
import { proxyCore, spawnOn } from './processes.ts';

const startTimeoutMs = 5_000;
const startCheckMs = 20;

/**
 * One worker, connections to the upstream kept, nothing logged: as fast as nginx does this. Its defaults would end
 * every connection after a thousand requests.
 */
const configOf = (directory: string, port: number, upstreamPort: number) => `
worker_processes 1;
pid ${directory}/pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  keepalive_requests 1000000000;
  http2_max_concurrent_streams 250;
  upstream graph {
    server 127.0.0.1:${upstreamPort};
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} http2;
    location / { grpc_pass grpc://graph; }
  }
}
`;

/** Starts nginx with `grpc_pass` to the upstream; the worker is the process that does the work. */
export async function startNginx(directory: string, upstreamPort: number) {
  const port = await freePort();
  await mkdir(directory, { recursive: true });
  const config = join(directory, 'nginx.conf');
  await writeFile(config, configOf(directory, port, upstreamPort));
  const command = ['nginx', '-p', directory, '-e', 'stderr', '-c', config, '-g', 'daemon off;'];
  const child = spawnOn(proxyCore, command, { stdio: ['ignore', 'inherit', 'inherit'] });
  return { child, port, workerPid: await workerOf(child, port) };
}

/** The worker, once it is there and the port is open. */
async function workerOf(child: ChildProcess, port: number): Promise<number> {
  const endMs = performance.now() + startTimeoutMs;
  while (child.exitCode === null && performance.now() < endMs) {
    const [workerPid] = descendants(child.pid ?? 0);
    if (workerPid !== undefined && (await isOpen(port))) return workerPid;
    await new Promise((resolve) => setTimeout(resolve, startCheckMs));
  }
  throw new Error(`nginx does not start (exit code ${child.exitCode})`);
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
