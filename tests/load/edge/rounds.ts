import type { FixedRateResult } from './fixed-rate.ts';
import { measureAtRate, measureFull, type Round, type Subject } from './measure.ts';
import type { Finding, SameRate } from './report.ts';

/** How much is measured. */
export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly sameRateRounds: number;
}

/** Full load in interleaved rounds, so that what changes on the machine meets all alike; then half of that. */
export async function runRounds(
  subjects: readonly Subject[],
  { rounds, seconds, warmUpSeconds }: Plan,
  directory: string,
): Promise<Finding[]> {
  for (const subject of subjects) await measureFull(subject, warmUpSeconds, directory);
  const all = new Map<Subject, Round[]>(subjects.map((subject) => [subject, []]));
  for (let i = 0; i < rounds; i++) {
    for (const [subject, done] of all) done.push(await measureFull(subject, seconds, directory));
    console.log(`round ${i + 1} of ${rounds} is over`);
  }
  const findings: Finding[] = [];
  for (const [subject, done] of all) {
    const full = medianOf(done, ({ perSecond }) => perSecond);
    const atHalf = subject.way.isStream
      ? undefined
      : await measureAtRate(subject, full.perSecond / 2, seconds);
    findings.push({ ...full, target: subject.target, atHalf });
  }
  return findings;
}

/** Unary gRPC at half of what nginx takes, for everybody; undefined where not everybody is there. */
export async function compareAtSameRate(
  subjects: readonly Subject[],
  findings: readonly Finding[],
  { seconds, sameRateRounds }: Plan,
): Promise<SameRate | undefined> {
  const compared = subjects.filter(({ target }) => target.way === 'grpc' && target.server !== 'naive');
  const nginx = findings.find(({ target }) => target.way === 'grpc' && target.server === 'nginx');
  if (!nginx || compared.length < 3) return undefined;
  const perSecond = nginx.perSecond / 2;
  const all = new Map<Subject, FixedRateResult[]>(compared.map((subject) => [subject, []]));
  for (let i = 0; i < sameRateRounds; i++) {
    for (const [subject, done] of all) done.push(await measureAtRate(subject, perSecond, seconds));
  }
  const lines = [...all].map(([{ name }, done]) => ({ name, result: medianOf(done, ({ p99Ms }) => p99Ms) }));
  return { perSecond, lines };
}

/** The round in the middle by one of its figures. */
function medianOf<T>(all: readonly T[], figure: (one: T) => number): T {
  const middle = all.toSorted((a, b) => figure(a) - figure(b))[Math.floor(all.length / 2)];
  if (middle === undefined) throw new Error('no round was measured');
  return middle;
}
