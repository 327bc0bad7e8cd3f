import { ForeignGrpcClient } from '../support/foreign-grpc.ts';
import { type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createTenant } from '../support/rest.ts';
import { classify } from './classify.ts';
import { datasetFolder, isLarge, NotLoadable, unsupportedDataset } from './dataset.ts';
import { Lane } from './lane.ts';
import { replayCase, type StatementResult } from './replay-case.ts';
import type { Step, TestCase, TestFile } from './test-file.ts';

const lanesMax = 2;
/** What goes first where time is short. */
const datasetsFirst = ['dataset/tinysnb', 'dataset/demo-db/csv', 'dataset/tck', 'dataset/ldbc-sf01'];

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
}

interface Job {
  readonly name: string;
  readonly file: TestFile;
  readonly test: TestCase;
  readonly writes: boolean;
}

/** Replays every case over the wire through a mesh of its own. */
export async function replay({ files, endMs, onCase }: ReplayOptions): Promise<void> {
  const queue = toQueue(files, onCase);
  const mesh = await startMesh({
    env: { TRELLIS_CREDIT_DEFAULT_PLAN: 'premium', TRELLIS_RATELIMIT_SCALE: '1000000' },
  });
  try {
    await Promise.all(Array.from({ length: lanesMax }, () => runLane(mesh, queue, endMs, onCase)));
  } finally {
    await mesh.stop();
    await removeMeshData(mesh);
  }
}

async function runLane(
  mesh: Mesh,
  queue: Job[][],
  endMs: number,
  onCase: ReplayOptions['onCase'],
): Promise<void> {
  const tenant = await createTenant(mesh.url);
  const grpc = new ForeignGrpcClient(mesh.port, tenant.apiKey);
  const lane = new Lane(tenant, grpc);
  for (let jobs = queue.shift(); jobs; jobs = queue.shift()) {
    for (const job of jobs) {
      const startedMs = performance.now();
      const results = startedMs > endMs ? skipAll(job.test, 'out of time') : await runJob(lane, job);
      const elapsedMs = performance.now() - startedMs;
      onCase({ file: job.name, name: job.test.name, results, elapsedMs });
    }
  }
  grpc.close();
}

/** Runs a case; one that fails on a graph that was used before runs once more on a new one. */
async function runJob(lane: Lane, { file, test, writes }: Job): Promise<StatementResult[]> {
  const attempt = async (wantsFresh: boolean) => {
    const graph = await lane.open(file, wantsFresh);
    if (writes) lane.markChanged();
    return replayCase(graph, test);
  };
  try {
    const results = await attempt(false);
    const hasFailed = results.some(({ status }) => status === 'failed');
    return hasFailed && !lane.isFresh ? await attempt(true) : results;
  } catch (error) {
    if (error instanceof NotLoadable) return skipAll(test, `dataset cannot be loaded: ${error.message}`);
    await lane.discard().catch(() => undefined);
    const { message } = error as Error;
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
  return groups.flatMap(([folder, jobs]) => {
    const ordered = jobs.toSorted(
      (left, right) =>
        Number(left.writes) - Number(right.writes) || left.test.steps.length - right.test.steps.length,
    );
    return isLarge(folder) ? [ordered] : ordered.map((job) => [job]);
  });
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
