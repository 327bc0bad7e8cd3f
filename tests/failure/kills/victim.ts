import { watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { enginePids, killIfAlive, type Mesh } from '../../support/mesh.ts';
import type { GraphLoad } from './graph-load.ts';

/** How long to wait for what a kill is aimed at; then it falls at any moment. */
const aimMs = 5_000;
const returnMs = 60_000;

/** The engine process of one graph, whichever it is just now. */
export class Victim {
  readonly load: GraphLoad;
  readonly #mesh: Mesh;

  constructor(mesh: Mesh, load: GraphLoad) {
    this.#mesh = mesh;
    this.load = load;
  }

  /** Kills the process that there is. Resolves with its id. */
  async kill(): Promise<number> {
    const pid = await this.#find();
    this.load.log.killed();
    killIfAlive(pid);
    return pid;
  }

  /** Resolves when another process than this one has the graph. */
  async replaced(pid: number): Promise<void> {
    await this.#find(pid);
  }

  /** Resolves when a checkpoint has begun, or none did for a while. */
  async checkpointing(): Promise<void> {
    const directory = join(this.#mesh.dataDirectory, 'graphs', this.load.graphId);
    const isOver = new AbortController();
    const began = new Promise<void>((resolve) => {
      watch(directory, { signal: isOver.signal }, (_, name) => {
        if (name?.endsWith('.shadow')) resolve();
      });
    });
    await Promise.race([began, setTimeout(aimMs, undefined, { signal: isOver.signal }).catch(() => {})]);
    isOver.abort();
  }

  /** Resolves when the graph has answered since the last kill; throws where it does not return. */
  async recovered(): Promise<void> {
    const isOver = new AbortController();
    const tooLate = setTimeout(returnMs, 'late', { signal: isOver.signal }).catch(() => 'over');
    const which = await Promise.race([this.load.log.recovered(), tooLate]);
    isOver.abort();
    if (which === 'late') throw new Error(`graph ${this.load.graphId} did not return in ${returnMs} ms`);
  }

  /** The graph's process, told by its title. */
  async #find(except?: number): Promise<number> {
    const endMs = performance.now() + returnMs;
    while (performance.now() < endMs) {
      const pid = enginePids(this.#mesh, this.load.graphId).find((each) => each !== except);
      if (pid !== undefined) return pid;
      await setTimeout(5);
    }
    throw new Error(`graph ${this.load.graphId} has no process`);
  }
}
