import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { proxyCore, startProgram, stop } from '../processes.ts';
import type { Ports } from '../ready.ts';
import type { EdgeMemory } from './edge-probe.ts';

/** The edge in its own process. */
export interface EdgeProcess {
  readonly port: number;
  /** What it holds after a garbage collection. */
  memory(): Promise<EdgeMemory>;
  /** Its resident memory as the system counts it, at once. */
  rssBytes(): number;
  stop(): Promise<void>;
}

/** Starts the benchmark's edge in front of an upstream. */
export async function startEdgeProcess(upstreamPort: number, apiKey: string): Promise<EdgeProcess> {
  const env = { BENCH_UPSTREAM_PORT: String(upstreamPort), BENCH_API_KEY: apiKey };
  const nodeOptions = ['--expose-gc', `--import=${new URL('edge-probe.ts', import.meta.url)}`];
  const { child, message } = await startProgram<Ports>(proxyCore, 'edge-under-test.ts', env, nodeOptions);
  return {
    port: message.http2,
    memory: async () => {
      const answered = once(child, 'message');
      child.send('memory');
      const [memory] = await answered;
      return memory;
    },
    rssBytes: () => {
      const [, kibibytes] =
        /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      return Number(kibibytes) * 1024;
    },
    stop: () => stop(child),
  };
}

/** The highest resident memory while something goes on. */
export async function peakRssDuring(edge: EdgeProcess, work: () => Promise<void>): Promise<number> {
  let peak = edge.rssBytes();
  const sampling = setInterval(() => {
    peak = Math.max(peak, edge.rssBytes());
  }, 10);
  try {
    await work();
  } finally {
    clearInterval(sampling);
  }
  return Math.max(peak, edge.rssBytes());
}
