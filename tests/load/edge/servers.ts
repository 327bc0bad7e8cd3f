import type { ChildProcess } from 'node:child_process';
import { startNginx } from './nginx.ts';
import { cpuMicrosOf, loadCore, proxyCore, startProgram, stop } from './processes.ts';
import type { Ports } from './ready.ts';

export type ServerName = 'direct' | 'nginx' | 'edge' | 'naive';

/** A process that calls go to. */
export interface Server {
  readonly ports: Ports;
  /** False for the upstream itself, which runs beside the load generator. */
  readonly hasProxy: boolean;
  /** CPU time that it has used, in microseconds. */
  cpuMicros(): number;
  stop(): Promise<void>;
}

export interface ServersOptions {
  readonly apiKey: string;
  /** Where nginx keeps its files. */
  readonly directory: string;
  /** Where the edge writes a CPU profile, if it shall. */
  readonly profileDirectory: string | undefined;
}

/** Starts the upstream and every proxy in front of it. */
export async function startServers(options: ServersOptions): Promise<Record<ServerName, Server>> {
  const upstream = await startProgram<Ports>(loadCore, 'upstream.ts');
  const upstreamPort = upstream.message.http2;
  const env = { BENCH_UPSTREAM_PORT: String(upstreamPort), BENCH_API_KEY: options.apiKey };
  const { profileDirectory } = options;
  const profiling = profileDirectory ? ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`] : [];
  const nginx = await startNginx(options.directory, upstreamPort);
  const edge = await startProgram<Ports>(proxyCore, 'edge-under-test.ts', env, profiling);
  const naive = await startProgram<Ports>(proxyCore, 'naive-proxy.ts', env);
  return {
    direct: toServer(upstream.child, upstream.message, { hasProxy: false }),
    nginx: toServer(nginx.child, { http2: nginx.port }, { pid: nginx.workerPid }),
    edge: toServer(edge.child, edge.message),
    naive: toServer(naive.child, naive.message),
  };
}

function toServer(child: ChildProcess, ports: Ports, { hasProxy = true, pid = child.pid ?? 0 } = {}): Server {
  return { ports, hasProxy, cpuMicros: () => cpuMicrosOf(pid), stop: () => stop(child) };
}

/** The port that a server has for a version of HTTP. */
export function portOf({ ports }: Server, version: keyof Ports): number {
  const port = ports[version];
  if (port === undefined) throw new Error(`this server does not speak ${version}`);
  return port;
}
