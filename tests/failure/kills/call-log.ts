import type { RestAnswer, RestClient } from '../../support/rest.ts';

/** Why a call on a graph that was killed may fail. */
const documentedReasons = new Set(['OUTCOME_UNKNOWN', 'UNAVAILABLE']);

/** What a call came to: a body, or the reason why not. */
export type CallOutcome =
  | { readonly ok: true; readonly body: RestAnswer['body'] }
  | { readonly ok: false; readonly reason: string };

/** Calls of one graph: makes them, counts what they come to, and tells which failed without a kill to blame. */
export class CallLog {
  readonly counts = new Map<string, number>();
  readonly wrong: string[] = [];
  /** From each kill to the first answer of a call that began after it. */
  readonly awayMs: number[] = [];
  kills = 0;
  #rest: RestClient;
  readonly #recovering: (() => void)[] = [];
  #killedMs: number | undefined;
  #recoveredMs: number | undefined;
  #revision: readonly [bigint, bigint] = [0n, 0n];

  constructor(rest: RestClient) {
    this.#rest = rest;
  }

  /** The mesh is somewhere else now. */
  moveTo(url: string): void {
    this.#rest = this.#rest.at(url);
  }

  /** Notes that the engine process is about to be killed. */
  killed(): void {
    this.kills += 1;
    this.#killedMs = performance.now();
    this.#recoveredMs = undefined;
  }

  /** Resolves once the graph has answered after its last kill. */
  recovered(): Promise<void> {
    if (this.#killedMs === undefined || this.#recoveredMs !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#recovering.push(resolve));
  }

  post(kind: string, path: string, body: unknown): Promise<CallOutcome> {
    return this.send(kind, path, JSON.stringify(body), 'application/json');
  }

  /** Makes a call: POST where it has a body. `kind` is what it is counted as. */
  async send(kind: string, path: string, body?: string, contentType?: string): Promise<CallOutcome> {
    const startedMs = performance.now();
    const revision = this.#revision;
    const outcome = await this.#attempt(path, body, contentType);
    this.#count(`${kind} ${outcome.ok ? 'ok' : outcome.reason}`);
    if (outcome.ok) {
      this.#succeeded(startedMs);
      this.#checkRevision(kind, outcome.body.revision ?? outcome.body.done?.revision, revision);
    } else {
      this.#failed(kind, outcome.reason, startedMs);
    }
    return outcome;
  }

  async #attempt(
    path: string,
    text: string | undefined,
    contentType: string | undefined,
  ): Promise<CallOutcome> {
    try {
      const { body } = await this.#rest.send(text === undefined ? 'GET' : 'POST', path, text, contentType);
      // A stream comes as lines, the last of which says how it ended.
      const answer = typeof body === 'string' ? joinLines(body) : body;
      return answer.error ? { ok: false, reason: answer.error.reason } : { ok: true, body: answer };
    } catch (error) {
      return { ok: false, reason: `NO_ANSWER: ${error}` };
    }
  }

  #succeeded(startedMs: number): void {
    if (this.#killedMs === undefined || this.#recoveredMs !== undefined || startedMs < this.#killedMs) return;
    this.#recoveredMs = performance.now();
    this.awayMs.push(this.#recoveredMs - this.#killedMs);
    for (const resolve of this.#recovering.splice(0)) resolve();
  }

  /** A call may fail that was under way at a kill, or that began before the graph was back. */
  #failed(kind: string, reason: string, startedMs: number): void {
    const isExcused =
      this.#killedMs !== undefined && startedMs <= (this.#recoveredMs ?? Number.POSITIVE_INFINITY);
    if (!isExcused) this.wrong.push(`${kind} failed with ${reason} on a graph that was not killed`);
    else if (!documentedReasons.has(reason)) this.wrong.push(`${kind} failed with ${reason} after a kill`);
  }

  /** What a call answers is never older than what was answered before it began. */
  #checkRevision(kind: string, text: unknown, before: readonly [bigint, bigint]): void {
    const [, epoch, commits] = /^(\d+)\.(\d+)$/.exec(String(text)) ?? [];
    if (epoch === undefined || commits === undefined) {
      if (kind !== 'schema') this.wrong.push(`${kind} answered with the revision ${text}`);
      return;
    }
    const revision = [BigInt(epoch), BigInt(commits)] as const;
    if (isBefore(revision, before))
      this.wrong.push(`${kind}: the revision went from ${before} back to ${text}`);
    if (isBefore(this.#revision, revision)) this.#revision = revision;
  }

  #count(key: string): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

function isBefore(a: readonly [bigint, bigint], b: readonly [bigint, bigint]): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

function joinLines(text: string): RestAnswer['body'] {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const last = lines.at(-1);
  if (last?.error) return last;
  if (!last?.done) return { error: { reason: 'STREAM_CUT' } };
  return { done: last.done, rows: lines.flatMap(({ rows = [] }) => rows) };
}
