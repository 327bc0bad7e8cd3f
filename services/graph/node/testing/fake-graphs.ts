import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { FakeEngineScript } from './fake-engine-script.ts';

/** The program of the fake engine. */
export const fakeEngineProgram = fileURLToPath(new URL('./fake-engine.ts', import.meta.url));

/** What a fake engine noted when it started. */
export interface FakeEngineStart {
  readonly pid: number;
  readonly epoch: string;
  readonly config: object;
  readonly environment: Readonly<Record<string, string>>;
  readonly workDirectory: string;
  readonly workFiles: readonly string[];
  readonly execArgv: readonly string[];
}

/** The graphs of a test: ids, scripts of their engines, and what those did. */
export class FakeGraphs {
  readonly dataDirectory: string;
  readonly #used = new Set<string>();

  private constructor(dataDirectory: string) {
    this.dataDirectory = dataDirectory;
  }

  static async create(): Promise<FakeGraphs> {
    return new FakeGraphs(await mkdtemp(join(tmpdir(), 'trellis-node-')));
  }

  /** The graph with this number. */
  graph(number: number, epoch = 1n) {
    const graphId = `kg_${String(number).padStart(20, '0')}`;
    this.#used.add(graphId);
    return { graphId, organizationId: 'org_1', repository: '', tier: 'standard', epoch };
  }

  directory(graphId: string): string {
    return join(this.dataDirectory, 'graphs', graphId);
  }

  async script(graphId: string, script: FakeEngineScript): Promise<void> {
    await mkdir(this.directory(graphId), { recursive: true });
    await writeFile(join(this.directory(graphId), 'fake.json'), JSON.stringify(script));
  }

  async starts(graphId: string): Promise<readonly FakeEngineStart[]> {
    const text = await readFile(join(this.directory(graphId), 'starts.jsonl'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  /** The processes that were started for all graphs whose files are still there. */
  async pids(): Promise<readonly number[]> {
    const starts = await Promise.all([...this.#used].map((graphId) => this.starts(graphId)));
    return starts.flat().map(({ pid }) => pid);
  }

  /** Ends a test: no process may be left, whatever the test did. */
  async expectNoneAlive(): Promise<void> {
    for (const pid of await this.pids()) expect(isAlive(pid), `process ${pid} lives`).toBe(false);
    await rm(this.dataDirectory, { recursive: true });
  }
}

/** The process behind the endpoint that a fake engine gave. */
export function pidOf({ endpoint }: { readonly endpoint: string }): number {
  return Number(endpoint.split(':')[1]);
}

/** True where the process lives. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
