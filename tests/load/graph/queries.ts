import type { BareEngine } from './bare-engine.ts';
import { askOnce, callsUnderWay, load } from './load.ts';
import { type CpuMicros, type Roles, withCpu } from './processes.ts';
import { median, printTable } from './report.ts';
import type { Asked } from './requests.ts';

/** What is compared. */
export interface Subject {
  readonly bare: BareEngine;
  /** Of the edge. */
  readonly port: number;
  readonly roles: Roles;
}

/** How much is measured. */
export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
}

interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpu: CpuMicros;
}

const trySeconds = 0.7;

/** Measures a query in the bare engine, at the concurrency that suits it best, and through the mesh. Prints a table. */
export async function compareQueries(
  title: string,
  { bare, port, roles }: Subject,
  { rounds, seconds }: Plan,
  statement: string,
  asked: Readonly<Record<string, Asked>>,
): Promise<void> {
  const best = await bare.findBest(statement, trySeconds);
  const ways: { readonly name: string; readonly run: () => Promise<Round> }[] = [
    {
      name: `engine in process, ${best.connections} connections of ${best.threads} threads`,
      run: async () => {
        const startMs = performance.now();
        const { result: count, cpu } = await withCpu(roles, () => bare.run(statement, best, seconds));
        const perSecond = count / ((performance.now() - startMs) / 1_000);
        const perCall = (best.connections / perSecond) * 1_000;
        return { perSecond, p50Ms: perCall, p99Ms: Number.NaN, cpu: each(cpu, count) };
      },
    },
  ];
  for (const [name, one] of Object.entries(asked)) {
    const answer = await askOnce(one, port);
    ways.push({
      name,
      run: async () => {
        const { result, cpu } = await withCpu(roles, () => load(one, port, answer.length, seconds));
        const { count, seconds: took, p50Ms, p99Ms } = result;
        return { perSecond: count / took, p50Ms, p99Ms, cpu: each(cpu, count) };
      },
    });
  }
  for (const { run } of ways) await run();
  const all = ways.map(({ name, run }) => ({ name, run, done: [] as Round[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { run, done } of all) done.push(await run());
  }
  console.log(
    `\n## ${title}\n\`${statement}\`; ${rounds} interleaved rounds of ${seconds} s, ${callsUnderWay} calls under way; median round; CPU time per call in microseconds, mean of the rounds.\n`,
  );
  printWays(all);
}

/** Prints a table of ways; the first is what the others are compared with. */
function printWays(ways: readonly { readonly name: string; readonly done: readonly Round[] }[]): void {
  const lines = ways.map(({ name, done }) => {
    const middle = median(done, ({ perSecond }) => perSecond);
    return { name, ...middle, cpu: mean(done.map(({ cpu }) => cpu)) };
  });
  const [base] = lines;
  if (!base) throw new Error('nothing was measured');
  const head = ['way', 'calls/s', 'ratio', 'ratio by CPU', 'p50 ms', 'p99 ms'];
  printTable(
    [...head, 'edge', 'engine process', 'daemon', 'this process'],
    lines.map(({ name, perSecond, p50Ms, p99Ms, cpu }) => [
      name,
      Math.round(perSecond),
      (perSecond / base.perSecond).toFixed(2),
      (sum(base.cpu) / sum(cpu)).toFixed(2),
      p50Ms.toFixed(2),
      Number.isNaN(p99Ms) ? '' : p99Ms.toFixed(2),
      ...[cpu.edge, cpu.engine, cpu.daemon, cpu.load].map(Math.round),
    ]),
  );
}

function each({ edge, engine, daemon, load: own }: CpuMicros, count: number): CpuMicros {
  return { edge: edge / count, engine: engine / count, daemon: daemon / count, load: own / count };
}

function mean(all: readonly CpuMicros[]): CpuMicros {
  const of = (role: keyof CpuMicros) => all.reduce((total, one) => total + one[role], 0) / all.length;
  return { edge: of('edge'), engine: of('engine'), daemon: of('daemon'), load: of('load') };
}

function sum({ edge, engine, daemon, load: own }: CpuMicros): number {
  return edge + engine + daemon + own;
}
