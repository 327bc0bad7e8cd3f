import { classify } from './classify.ts';
import { type Comparison, compare, type Outcome } from './compare.ts';
import { parseCopy } from './copy-statement.ts';
import { readSource } from './corpus-files.ts';
import { createSchema, importCopy, importData, NotLoadable } from './dataset.ts';
import type { MeshGraph } from './mesh-graph.ts';
import { changesWhatFollows, refusalFamily } from './refusals.ts';
import type { RunnerStep, StatementStep, TestCase } from './test-file.ts';

/** What came of one statement. */
export interface StatementResult {
  readonly line: number;
  readonly statement: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped. */
  readonly reason?: string;
  readonly expected?: string;
  readonly got?: string;
  /** For an expected error: whether its text is the engine's. */
  readonly sameText?: boolean;
}

const harmlessDirectives: ReadonlySet<string> = new Set(['RELOADDB', 'REMOVE_FILE']);
const busyRetriesMax = 3;

/** Replays a case on a graph that holds its dataset. */
export async function replayCase(graph: MeshGraph, { steps }: TestCase): Promise<StatementResult[]> {
  const results: StatementResult[] = [];
  let blockedBy: string | undefined;
  for (const step of steps) {
    if (step.kind === 'runner') {
      blockedBy ??= await replayDirective(graph, step);
      continue;
    }
    const statements = step.batchFile
      ? readSource(`test/statements/${step.batchFile}`).trimEnd().split('\n')
      : [step.statement];
    for (const statement of statements) {
      const at = { line: step.line, statement };
      if (blockedBy) {
        results.push({ ...at, status: 'skipped', reason: blockedBy });
        continue;
      }
      const replayed = await replayStatement(graph, step, statement);
      results.push({ ...at, ...replayed.result });
      blockedBy = replayed.blocks;
    }
  }
  return results;
}

type Replayed = {
  readonly result: Omit<StatementResult, 'line' | 'statement'>;
  /** Why the steps after it cannot run. */
  readonly blocks?: string;
};

async function replayStatement(graph: MeshGraph, step: StatementStep, statement: string): Promise<Replayed> {
  const copied = await replayCopy(graph, step, statement);
  if (copied) return copied;
  const { verdict } = classify(statement);
  const kind = verdict === 'read' || verdict === 'ddl' ? verdict : 'write';
  const outcome = await runPatiently(graph, statement, kind);
  const [expectation] = step.expectations;
  const expectsError = expectation?.kind === 'error' || expectation?.kind === 'error-pattern';
  if (outcome.kind === 'error' && isByDesign(outcome.reason)) {
    const family = refusalFamily(outcome.reason, outcome.construct);
    const result = { status: 'skipped', reason: `refused by design: ${family}` } as const;
    const isBlocking = !expectsError && changesWhatFollows(statement, outcome.construct);
    return isBlocking ? { result, blocks: `after what is refused by design: ${family}` } : { result };
  }
  if (outcome.kind === 'error' && outcome.reason === 'DEADLINE_EXCEEDED' && !expectsError) {
    return { result: { status: 'skipped', reason: "longer than the tier's time" } };
  }
  // A change of the schema answers with a sentence, which the API does not carry.
  if (verdict === 'ddl' && outcome.kind === 'rows' && !expectsError) return { result: { status: 'passed' } };
  const result = toResult(compare(step, expectation, outcome));
  const isLost = verdict !== 'read' && outcome.kind === 'error' && !expectsError;
  return isLost ? { result, blocks: 'after a write that failed' } : { result };
}

/** A COPY that must succeed goes through ImportTable; one that must fail is refused like any other. */
async function replayCopy(
  graph: MeshGraph,
  step: StatementStep,
  statement: string,
): Promise<Replayed | undefined> {
  const copy = parseCopy(statement);
  const [expectation] = step.expectations;
  const expectsSuccess = expectation?.kind === 'ok' || expectation?.kind === 'tuples';
  if (!copy || !expectsSuccess) return undefined;
  const blocks = 'after a COPY that cannot be an import';
  if (typeof copy === 'string')
    return { result: { status: 'skipped', reason: `refused by design: ${copy}` }, blocks };
  try {
    const rows = await importCopy(graph, copy);
    const count =
      expectation.kind === 'tuples' ? /^(\d+) tuples?/.exec(expectation.lines[0] ?? '')?.[1] : undefined;
    if (count === undefined || Number(count) === rows) return { result: { status: 'passed' } };
    return { result: { status: 'failed', expected: `${count} rows loaded`, got: `${rows} rows loaded` } };
  } catch (error) {
    if (!(error instanceof NotLoadable)) throw error;
    if (error.isMissing) {
      const reason = `COPY of ${error.message}`;
      return { result: { status: 'skipped', reason }, blocks: `after a ${reason}` };
    }
    return {
      result: { status: 'failed', expected: 'the file is loaded', got: error.message },
      blocks: 'after an import that failed',
    };
  }
}

/** Steps of the engine's runner; gives why the rest of the case cannot run. */
async function replayDirective(
  graph: MeshGraph,
  { directive, parameters }: RunnerStep,
): Promise<string | undefined> {
  if (harmlessDirectives.has(directive)) return undefined;
  const folder = `dataset/${parameters[0]}`;
  try {
    if (directive === 'CREATE_DATASET_SCHEMA') await createSchema(graph, folder);
    else if (directive === 'INSERT_DATASET_BY_ROW') await importData(graph, folder);
    else return `after ${directive} of the engine's runner`;
  } catch (error) {
    if (!(error instanceof NotLoadable)) throw error;
    return `dataset cannot be loaded: ${error.message}`;
  }
  return undefined;
}

async function runPatiently(
  graph: MeshGraph,
  statement: string,
  kind: 'read' | 'write' | 'ddl',
): Promise<Outcome> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await graph.run(statement, kind);
    const isPassing = outcome.kind === 'error' && ['GRAPH_BUSY', 'UNAVAILABLE'].includes(outcome.reason);
    if (!isPassing || tries === busyRetriesMax) return outcome;
  }
}

function isByDesign(reason: string): boolean {
  return reason === 'STATEMENT_NOT_ALLOWED' || reason === 'STATEMENT_TOO_LONG';
}

function toResult(comparison: Comparison): Replayed['result'] {
  if (!comparison.agrees) return { status: 'failed', expected: comparison.expected, got: comparison.got };
  const { sameText } = comparison;
  return sameText === undefined ? { status: 'passed' } : { status: 'passed', sameText };
}
