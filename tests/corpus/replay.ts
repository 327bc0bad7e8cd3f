import { ForeignGrpcClient } from '../support/foreign-grpc.ts';
import { type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createTenant } from '../support/rest.ts';
import { classify } from './classify.ts';
import { datasetFolder, isLarge, NotLoadable, unsupportedDataset } from './dataset.ts';
import { Lane } from './lane.ts';
import { replayCase, type StatementResult } from './replay-case.ts';
import type { Step, TestCase, TestFile } from './test-file.ts';

/** Cases wait for commits more than for processors. */
const lanesMax = 4;
const logLinesMax = 200;
/** Longer cases come last, as large datasets do. */
const longCaseSteps = 1_000;
/** What goes first where time is short. */
const datasetsFirst = ['dataset/tinysnb', 'dataset/demo-db/csv', 'dataset/tck', 'dataset/rel-update-tests'];

/** A case with its file's name and what came of its statements. */
export interface CaseResult {
  readonly file: string;
  readonly name: string;
  readonly results: readonly StatementResult[];
  /** How long it took, its graph's preparation included. */
  readonly elapsedMs: number;
}

export interface ReplayOptions {
  readonly files: ReadonlyMap<string, TestFile>;
  /** When to begin no further case, by `performance.now`. */
  readonly endMs: number;
  readonly onCase: (result: CaseResult) => void;
  /** Told of what only went right on a new graph, and at the end of what the mesh wrote to its log. */
  readonly onTrouble: (what: string) => void;
}

interface Job {
  readonly name: string;
  readonly file: TestFile;
  readonly test: TestCase;
  readonly writes: boolean;
}

/** Replays every case over the wire through a mesh of its own. */
export async function replay(options: ReplayOptions): Promise<void> {
  const queue = toQueue(options.files, options.onCase);
  const mesh = await startMesh({
    env: { TRELLIS_CREDIT_DEFAULT_PLAN: 'premium', TRELLIS_RATELIMIT_SCALE: '1000000' },
  });
  try {
    await Promise.all(Array.from({ length: lanesMax }, () => runLane(mesh, queue, options)));
  } finally {
    await mesh.stop();
    for (const line of mesh.log().split('\n').slice(-logLinesMax)) if (line !== '') options.onTrouble(line);
    await removeMeshData(mesh);
  }
}

async function runLane(
  mesh: Mesh,
  queue: Job[][],
  { endMs, onCase, onTrouble }: ReplayOptions,
): Promise<void> {
  const tenant = await createTenant(mesh.url);
  const grpc = new ForeignGrpcClient(mesh.port, tenant.apiKey);
  const lane = new Lane(tenant, grpc, onTrouble);
  for (let jobs = queue.shift(); jobs; jobs = queue.shift()) {
    for (const job of jobs) {
      const startedMs = performance.now();
      const results =
        startedMs > endMs ? skipAll(job.test, 'out of time') : await runJob(lane, job, onTrouble);
      const elapsedMs = performance.now() - startedMs;
      onCase({ file: job.name, name: job.test.name, results, elapsedMs });
    }
  }
  grpc.close();
}

/** Runs a case; one that fails on a graph that was used before runs once more on a new one. */
async function runJob(
  lane: Lane,
  { name, file, test }: Job,
  onTrouble: ReplayOptions['onTrouble'],
): Promise<StatementResult[]> {
  const attempt = async (wantsFresh: boolean) => {
    const graph = await lane.open(file, wantsFresh);
    return replayCase(graph, test);
  };
  try {
    // An engine that ended in between has taken the graph's state with it: the case begins once more.
    const results = await attempt(false).catch((error: Error) => {
      if (error instanceof NotLoadable) throw error;
      onTrouble(`${name} ${test.name}: ${error.message}`);
      return attempt(true);
    });
    const hasFailed = results.some(({ status }) => status === 'failed');
    if (!hasFailed || lane.isFresh) return results;
    const again = await attempt(true);
    if (!again.some(({ status }) => status === 'failed')) {
      const first = results.find(({ status }) => status === 'failed');
      onTrouble(
        `${name}:${first?.line} failed on a used graph only: expected ${first?.expected}, got ${first?.got}`,
      );
    }
    return again;
  } catch (error) {
    if (error instanceof NotLoadable) return skipAll(test, `dataset cannot be loaded: ${error.message}`);
    const { message } = error as Error;
    onTrouble(`${name} ${test.name}: ${message}`);
    await lane.discard().catch(() => undefined);
    return [{ line: 0, statement: test.name, status: 'failed', expected: 'the case runs', got: message }];
  }
}

/** Cases in the order in which graphs can be used again; what cannot run is told at once. */
function toQueue(files: ReadonlyMap<string, TestFile>, onCase: ReplayOptions['onCase']): Job[][] {
  const byDataset = new Map<string, Job[]>();
  for (const [name, file] of files) {
    const unsupported = unsupportedDataset(file);
    for (const test of file.cases) {
      const reason = unsupported ?? (test.disabledBy && 'disabled by the corpus');
      if (reason) onCase({ file: name, name: test.name, results: skipAll(test, reason), elapsedMs: 0 });
      else {
        const folder = datasetFolder(file) ?? '';
        byDataset.set(folder, [
          ...(byDataset.get(folder) ?? []),
          { name, file, test, writes: test.steps.some(isWrite) },
        ]);
      }
    }
  }
  const groups = [...byDataset].toSorted(([left, some], [right, others]) => {
    return rankOf(left) - rankOf(right) || others.length - some.length;
  });
  const jobs = groups.flatMap(([folder, all]) => {
    const ordered = all.toSorted(
      (left, right) =>
        Number(left.writes) - Number(right.writes) || left.test.steps.length - right.test.steps.length,
    );
    return isLarge(folder) ? [ordered] : ordered.map((job) => [job]);
  });
  const isLong = (all: Job[]) => all.length > 1 || (all[0]?.test.steps.length ?? 0) > longCaseSteps;
  return [...jobs.filter((each) => !isLong(each)), ...jobs.filter(isLong)];
}

function rankOf(folder: string): number {
  const rank = datasetsFirst.indexOf(folder);
  return rank === -1 ? datasetsFirst.length : rank;
}

function skipAll({ steps }: TestCase, reason: string): StatementResult[] {
  return steps
    .filter((step) => step.kind === 'statement')
    .map(({ line, statement }) => ({ line, statement, status: 'skipped', reason }));
}

function isWrite(step: Step): boolean {
  if (step.kind === 'runner' || step.batchFile) return true;
  return ['write', 'ddl'].includes(classify(step.statement).verdict) || /^\s*COPY\b/i.test(step.statement);
}
