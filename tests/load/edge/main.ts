/**
 * The edge's data path beside nginx and beside a proxy of generic parts, all in front of one upstream: requests per
 * second and CPU time of each at full load, latencies at fixed rates. Runs on two cores, one for the proxy under test
 * alone. `npm run bench:edge`; options: --quick, --only <part of a target's name>, --profile <directory>.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatApiKey, generateApiKey } from '../../../services/mesh/credential/api-key.ts';
import { type Subject, toSubject } from './measure.ts';
import { raisePriority } from './priority.ts';
import { probe, requireSuccess } from './probe.ts';
import { missingTools, stopAll } from './processes.ts';
import { describeProfiles } from './profile.ts';
import { toSameRateTable, toTable } from './report.ts';
import { compareAtSameRate, type Plan, runRounds } from './rounds.ts';
import { loadWords } from './saturate.ts';
import { type Server, type ServerName, startServers } from './servers.ts';
import { type Target, targets } from './targets.ts';
import { verify, verifyRefusal } from './verify.ts';
import { ways } from './ways.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    profile: { type: 'string' },
  },
});
const plan: Plan = values.quick
  ? { rounds: 1, seconds: 1, warmUpSeconds: 1, sameRateRounds: 1 }
  : { rounds: 5, seconds: 3, warmUpSeconds: 2, sameRateRounds: 3 };

const missing = missingTools();
if (missing.length > 0) {
  console.error(`\n!!! The benchmark cannot run.\n${missing.join('\n')}\n`);
  process.exit(1);
}
/** A run takes less than six minutes. */
const runTimeoutMs = 600_000;
const answerTimeoutMs = 10_000;

const restorePriority = raisePriority();
const directory = await mkdtemp(join(tmpdir(), 'trellis-bench-edge-'));
const apiKey = formatApiKey(generateApiKey());
const interrupted = new Promise<never>((_resolve, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Error(signal)));
});
try {
  await Promise.race([run(), interrupted, rejectAfter(runTimeoutMs, new Error('the run takes too long'))]);
  process.exitCode = 0;
} catch (error) {
  console.error('\n!!! The benchmark failed.\n', error);
  process.exitCode = 1;
} finally {
  await stopAll();
  await rm(directory, { recursive: true, force: true });
  restorePriority();
}
process.exit();

async function run(): Promise<void> {
  const servers = await startServers({ apiKey, directory, profileDirectory: values.profile });
  const subjects = await prepare(servers);
  const findings = await runRounds(subjects, plan, directory);
  console.log(
    `\n${plan.rounds} interleaved rounds of ${plan.seconds} s, median; ${loadWords}; direct: CPU of the upstream\n`,
  );
  console.log(toTable(findings));
  const sameRate = await compareAtSameRate(subjects, findings, plan);
  if (sameRate) {
    console.log(
      `\nUnary gRPC at half of nginx's full rate, median of ${plan.sameRateRounds} interleaved rounds by p99:\n`,
    );
    console.log(toSameRateTable(sameRate));
  }
  if (!values.profile) return;
  // The profile is written when the edge ends.
  await servers.edge.stop();
  console.log(`\nSelf time of the edge; its figures above are those of a process that is being profiled:\n`);
  console.log(await describeProfiles(values.profile));
}

/** Checks each target's answers with real clients before anything is measured. */
async function prepare(servers: Readonly<Record<ServerName, Server>>): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const target of targets.filter(isWanted)) {
    const subject = toSubject(target, servers[target.server], apiKey);
    const { name, way, port } = subject;
    await inTime(name, verify(name, way, port, apiKey));
    const answer = await inTime(name, probe(way, port, apiKey));
    requireSuccess(name, way, answer);
    subjects.push({ ...subject, answerBytes: answer.body.length });
  }
  if (subjects.length === 0) throw new Error(`no target is named like ${values.only}`);
  await inTime('edge', verifyRefusal(servers.edge));
  console.log(`${subjects.length} targets answer right`);
  return subjects;
}

function inTime<T>(name: string, work: Promise<T>): Promise<T> {
  const error = new Error(`${name}: no answer within ${answerTimeoutMs} ms`);
  return Promise.race([work, rejectAfter(answerTimeoutMs, error)]);
}

function rejectAfter(ms: number, error: Error): Promise<never> {
  return new Promise((_resolve, reject) => setTimeout(reject, ms, error).unref());
}

function isWanted({ server, way }: Target): boolean {
  return `${server}, ${ways[way].name}`.toLowerCase().includes(values.only.toLowerCase());
}
