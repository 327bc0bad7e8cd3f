import type { FixedRateOptions, FixedRateResult } from './fixed-rate.ts';
import { busyMicrosOf, loadCore, proxyCore, startProgram, stop } from './processes.ts';
import { type SaturateOptions, saturate } from './saturate.ts';
import { portOf, type Server } from './servers.ts';
import { nameOf, type Target } from './targets.ts';
import { type Way, ways } from './ways.ts';

/** A target as it can be called. */
export interface Subject {
  readonly target: Target;
  readonly name: string;
  readonly way: Way;
  readonly server: Server;
  readonly port: number;
  readonly apiKey: string;
  /** Bytes in the body of a right answer. */
  readonly answerBytes: number;
}

/** A round at as much load as the subject takes. */
export interface Round {
  readonly perSecond: number;
  /** CPU time of the proxy (of the upstream where there is none) for each request or streamed message. */
  readonly cpuMicrosEach: number;
  /** The part of its core that this was. */
  readonly busy: number;
  /** The part of the proxy's core that anything else took: work that has nothing to do here, or the kernel's. */
  readonly disturbance: number;
  /** The part of the other core that was in use, by load generator and upstream as a rule. */
  readonly loadBusy: number;
}

const idleCheckMs = 100;
const idleChecksMax = 50;

export function toSubject(target: Target, server: Server, apiKey: string): Omit<Subject, 'answerBytes'> {
  const way: Way = ways[target.way];
  return { target, name: nameOf(target), way, server, port: portOf(server, way.version), apiKey };
}

/** Loads a subject as much as it takes, for some seconds. */
export async function measureFull(
  subject: Subject,
  seconds: number,
  directory: SaturateOptions['directory'],
): Promise<Round> {
  const { server } = subject;
  const read = () => ({
    own: server.cpuMicros(),
    proxyCore: busyMicrosOf(proxyCore),
    loadCore: busyMicrosOf(loadCore),
    now: performance.now() * 1_000,
  });
  const before = read();
  const { count, perSecond } = await saturate({ ...subject, seconds, directory });
  const after = read();
  const part = (figure: 'own' | 'proxyCore' | 'loadCore') =>
    (after[figure] - before[figure]) / (after.now - before.now);
  const onProxyCore = server.hasProxy ? part('own') : 0;
  return {
    perSecond,
    cpuMicrosEach: (after.own - before.own) / count,
    busy: part('own'),
    disturbance: Math.max(0, part('proxyCore') - onProxyCore),
    loadBusy: part('loadCore'),
  };
}

/** Calls a subject at a fixed rate, for some seconds, and waits until it has no more work. */
export async function measureAtRate(
  { name, target, port, apiKey, answerBytes, server }: Subject,
  perSecond: number,
  seconds: number,
): Promise<FixedRateResult> {
  const { way } = target;
  const options: FixedRateOptions = { way, port, apiKey, answerBytes, perSecond, seconds };
  const env = { BENCH_LOAD: JSON.stringify(options) };
  const { child, message } = await startProgram<FixedRateResult>(loadCore, 'fixed-rate.ts', env);
  await stop(child);
  if (message.failures > 0) throw new Error(`${name}: ${message.failures} requests failed at a fixed rate`);
  await untilIdle(server);
  return message;
}

/** What was under way when the load ended must not be a burden on the next subject. */
async function untilIdle({ cpuMicros }: Server): Promise<void> {
  for (let check = 0, last = -1; check < idleChecksMax && cpuMicros() > last; check++) {
    last = cpuMicros();
    await new Promise((resolve) => setTimeout(resolve, idleCheckMs));
  }
}
