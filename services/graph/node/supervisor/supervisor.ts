import type { JWK } from 'jose';
import type { Logger, LogLevel } from '../../../mesh/log/logger.ts';
import type { Tier, TierTable } from '../../../mesh/plan/tier-table.ts';
import type { Clock } from '../../../mesh/process/clock.ts';
import { engineBroken, nodeDraining, noSlot, tierNotOffered } from '../errors.ts';
import { GraphDirectory } from '../store/graph-directory.ts';
import { EngineProcess } from './engine-process.ts';
import { type EngineLimits, type Opening, SupervisedEngine } from './supervised-engine.ts';

/** A graph to open. */
export interface GraphToOpen {
  readonly graphId: string;
  readonly organizationId: string;
  /** The public name of a shared repository; empty for any other graph. */
  readonly repository: string;
  readonly tier: string;
  /** The smallest epoch to open it with. */
  readonly epoch: bigint;
}

/** A graph that the node holds open; its endpoint is empty while its engine starts. */
export interface HeldGraph extends Opening {
  readonly graphId: string;
}

export interface SupervisorOptions {
  readonly limits: EngineLimits & { readonly slots: number };
  /** Where the limits of a graph's tier come from. */
  readonly tiers: TierTable;
  readonly dataDirectory: string;
  /** The engine's program, as a file path. */
  readonly engineProgram: string;
  /** The public key by which engines verify callers. */
  readonly verificationKey: JWK;
  readonly clock: Clock;
  readonly log: Logger;
  /** Hears of each change of what there is to report. */
  readonly onChange: () => void;
}

/** The engine processes of a node: one per open graph, never more than there are slots. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #engines = new Map<string, SupervisedEngine>();
  /** Closings and deletions under way, by graph. They never reject. */
  readonly #closings = new Map<string, Promise<void>>();
  /** Until when graphs are left alone that failed to open too often. */
  readonly #brokenUntilMs = new Map<string, number>();
  #isDraining = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** All graphs that the node holds open. */
  held(): readonly HeldGraph[] {
    return [...this.#engines].flatMap(([graphId, { state }]) => (state ? [{ graphId, ...state }] : []));
  }

  /** The graphs that are served and have no call under way, longest idle first. */
  idleGraphIds(): readonly string[] {
    return [...this.#engines]
      .filter(([, engine]) => engine.isIdle)
      .toSorted(([, a], [, b]) => a.lastActiveMs - b.lastActiveMs)
      .map(([graphId]) => graphId);
  }

  /** Opens a graph, or answers with the opening that there is. Throws NO_CAPACITY, UNAVAILABLE or TIER_NOT_OFFERED. */
  async open(graph: GraphToOpen): Promise<Opening> {
    const { graphId } = graph;
    for (;;) {
      if (this.#isDraining) throw nodeDraining();
      const known = this.#engines.get(graphId);
      if (known) return known.opening;
      const closing = this.#closings.get(graphId);
      if (!closing) break;
      await closing;
    }
    this.#checkBroken(graphId);
    const tier = this.#findTier(graph.tier);
    this.#makeRoom(tier);
    const engine = this.#start({ ...graph, tier });
    this.#engines.set(graphId, engine);
    void engine.ended.then(() => this.#forget(graphId, engine));
    return engine.opening;
  }

  /** Closes a graph and deletes its files where asked. Closing a closed graph is fine. */
  async close(graphId: string, shouldDelete: boolean): Promise<void> {
    const directory = new GraphDirectory(this.#options.dataDirectory, graphId);
    const engine = this.#engines.get(graphId);
    const before = this.#closings.get(graphId);
    this.#engines.delete(graphId);
    const work = async () => {
      await before;
      await engine?.close();
      if (!shouldDelete) return;
      await directory.delete();
      this.#brokenUntilMs.delete(graphId);
    };
    const closing = work();
    const settled = closing.then(
      () => {},
      () => {},
    );
    this.#closings.set(graphId, settled);
    void settled.then(() => {
      if (this.#closings.get(graphId) === settled) this.#closings.delete(graphId);
    });
    if (engine) this.#options.onChange();
    await closing;
  }

  /** Closes all graphs, at the same time, and opens none any more. No process is left when this resolves. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const graphId of [...this.#engines.keys()]) void this.close(graphId, false);
    this.#options.onChange();
    await Promise.all(this.#closings.values());
  }

  #start({ epoch, ...graph }: Omit<GraphToOpen, 'tier'> & { readonly tier: Tier }): SupervisedEngine {
    const { limits, dataDirectory, engineProgram, verificationKey, clock, log, onChange } = this.#options;
    const { graphId } = graph;
    const directory = new GraphDirectory(dataDirectory, graphId);
    const { databasePath, workDirectory } = directory;
    const logLevel = log.level as LogLevel;
    const common = { ...graph, databasePath, workDirectory, verificationKey, logLevel };
    return new SupervisedEngine({
      graphId,
      epoch,
      directory,
      limits,
      clock,
      log,
      onChange,
      after: this.#roomToStart(),
      launch: (takenEpoch, onActivity) =>
        new EngineProcess({
          program: engineProgram,
          config: { ...common, epoch: takenEpoch },
          clock,
          log,
          onActivity,
        }),
    });
  }

  #findTier(id: string): Tier {
    const { tiers } = this.#options;
    const tier = tiers.findTier(id);
    if (!tier) throw tierNotOffered(id, tiers.environment);
    return tier;
  }

  /** Frees a slot where all are taken, by closing the graph that was idle for longest. */
  #makeRoom(tier: Tier): void {
    const { slots } = this.#options.limits;
    if (this.#engines.size < slots) return;
    const [graphId] = this.idleGraphIds();
    if (graphId === undefined) throw noSlot(slots, tier.id);
    this.#options.log.info({ graphId }, 'an idle graph is closed to make room');
    void this.close(graphId, false);
  }

  /** When a process more does not exceed the slots: processes that are being closed still take theirs. */
  #roomToStart(): Promise<unknown> {
    const isFull = this.#engines.size + this.#closings.size >= this.#options.limits.slots;
    return isFull ? Promise.all(this.#closings.values()) : Promise.resolve();
  }

  #checkBroken(graphId: string): void {
    const { clock, limits } = this.#options;
    const waitMs = (this.#brokenUntilMs.get(graphId) ?? 0) - clock.now();
    if (waitMs > 0) throw engineBroken(limits.failuresMax, waitMs);
    this.#brokenUntilMs.delete(graphId);
  }

  #forget(graphId: string, engine: SupervisedEngine): void {
    if (this.#engines.get(graphId) !== engine) return;
    this.#engines.delete(graphId);
    const { clock, limits, onChange } = this.#options;
    if (engine.isBroken) this.#brokenUntilMs.set(graphId, clock.now() + limits.coolDownMs);
    onChange();
  }
}
