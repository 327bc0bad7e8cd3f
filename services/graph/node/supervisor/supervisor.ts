import type { JWK } from 'jose';
import type { Logger, LogLevel } from '../../../mesh/log/logger.ts';
import type { Tier, TierTable } from '../../../mesh/plan/tier-table.ts';
import type { Clock } from '../../../mesh/process/clock.ts';
import { RoomAhead } from '../domain/room-ahead.ts';
import { type Broken, engineBroken, nodeDraining, tierNotOffered } from '../errors.ts';
import { GraphDirectory } from '../store/graph-directory.ts';
import { Slots } from './slots.ts';
import type { SparePool } from './spare-pool.ts';
import { type EngineLimits, type Opening, SupervisedEngine } from './supervised-engine.ts';

/** While graphs wait for a slot, how often is looked for one that can be freed, beside the moments that tell. */
const lookForRoomMs = 150;

/** While a slot is to be kept free, how often is looked for a graph that has become idle for long enough. */
const lookAheadMs = 500;

/** How much longer than it should a graph may stay awake. */
const idleSlack = 0.1;
const idleLookMsMin = 50;
const idleLookMsMax = 30_000;

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

export interface SupervisorLimits extends EngineLimits {
  readonly slots: number;
  /** How long an opening waits for a slot where all are taken. */
  readonly slotWaitMs: number;
  /** A graph without calls for so long is closed; 0: none is. */
  readonly idleMs: number;
  /** A graph without calls for so long may be closed for the next one before that comes; 0: none is. */
  readonly roomIdleMs: number;
}

export interface SupervisorOptions {
  readonly limits: SupervisorLimits;
  /** Where the limits of a graph's tier come from. */
  readonly tiers: TierTable;
  readonly dataDirectory: string;
  /** Where engine processes come from. */
  readonly pool: Pick<SparePool, 'take'>;
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
  readonly #slots: Slots;
  readonly #engines = new Map<string, SupervisedEngine>();
  /** Graphs whose engine was asked whether it can sleep, until it has answered. They never reject. */
  readonly #fallingAsleep = new Map<string, Promise<void>>();
  /** Closings and deletions under way, by graph. They never reject. */
  readonly #closings = new Map<string, Promise<void>>();
  /** Until when graphs are left alone that failed to open too often. */
  readonly #broken = new Map<string, { readonly broken: Broken; readonly untilMs: number }>();
  readonly #draining = new AbortController();
  readonly #roomAhead = new RoomAhead();
  #isLookingForRoom = false;
  #isLookingAhead = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { limits, clock } = options;
    const { slots, slotWaitMs } = limits;
    const onWanted = () => {
      this.#roomAhead.missed();
      void this.#lookForRoom();
      void this.#lookAhead();
    };
    this.#slots = new Slots({ slots, slotWaitMs, clock, onWanted });
    if (limits.idleMs > 0) void this.#putIdleToSleep(limits.idleMs);
  }

  get isDraining(): boolean {
    return this.#draining.signal.aborted;
  }

  /** All graphs that the node holds open. */
  held(): readonly HeldGraph[] {
    return [...this.#engines].flatMap(([graphId, { state }]) => (state ? [{ graphId, ...state }] : []));
  }

  /** The graphs that are served and have no call under way, longest idle first. */
  idleGraphIds(): readonly string[] {
    return this.#idle().map(([graphId]) => graphId);
  }

  /** Opens a graph, or answers with the opening that there is. Throws NO_CAPACITY, UNAVAILABLE or TIER_NOT_OFFERED. */
  async open(graph: GraphToOpen): Promise<Opening> {
    const { graphId } = graph;
    for (;;) {
      if (this.isDraining) throw nodeDraining();
      const change = this.#fallingAsleep.get(graphId) ?? this.#closings.get(graphId);
      if (change) {
        await change;
        continue;
      }
      const known = this.#engines.get(graphId);
      if (known) return known.opening;
      break;
    }
    this.#checkBroken(graphId);
    const tier = this.#findTier(graph.tier);
    this.#roomAhead.used(graphId);
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
      this.#broken.delete(graphId);
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
    this.#draining.abort();
    for (const graphId of [...this.#engines.keys()]) void this.close(graphId, false);
    this.#options.onChange();
    await Promise.all(this.#closings.values());
  }

  #start({ epoch, ...graph }: Omit<GraphToOpen, 'tier'> & { readonly tier: Tier }): SupervisedEngine {
    const { limits, dataDirectory, pool, verificationKey, clock, log, onChange } = this.#options;
    const { graphId } = graph;
    const directory = new GraphDirectory(dataDirectory, graphId);
    const logLevel = log.level as LogLevel;
    const common = { ...graph, verificationKey, logLevel };
    return new SupervisedEngine({
      graphId,
      epoch,
      directory,
      limits,
      slots: this.#slots,
      clock,
      log,
      onChange,
      onQuiet: () => {
        this.#makeRoom();
        this.#makeRoomAhead();
      },
      launch: async ({ onActivity, ...opening }) => {
        const process = await pool.take();
        try {
          await process.open({ config: { ...common, ...opening }, directory, onActivity });
        } catch (error) {
          process.kill();
          await process.exited;
          throw error;
        }
        return process;
      },
    });
  }

  #findTier(id: string): Tier {
    const { tiers } = this.#options;
    const tier = tiers.findTier(id);
    if (!tier) throw tierNotOffered(id, tiers.environment);
    return tier;
  }

  #idle(): readonly (readonly [string, SupervisedEngine])[] {
    return [...this.#engines]
      .filter(([graphId, engine]) => engine.isIdle && !this.#fallingAsleep.has(graphId))
      .toSorted(([, a], [, b]) => a.lastActiveMs - b.lastActiveMs);
  }

  /** Puts as many graphs to sleep as others wait for a slot, less those that are on their way out; longest idle first. */
  #makeRoom(): void {
    const leaving = this.#fallingAsleep.size + this.#closings.size;
    const wanted = Math.max(0, this.#slots.waiting - leaving);
    const candidates = this.#idle().filter(([, engine]) => engine.mayMakeRoom);
    for (const [graphId, engine] of candidates.slice(0, wanted)) {
      this.#options.log.info({ graphId }, 'an idle graph is closed to make room');
      this.#putToSleep(graphId, engine);
    }
  }

  /** Looks for room again and again while somebody waits: a graph that has had its turn says nothing when it has. */
  async #lookForRoom(): Promise<void> {
    this.#makeRoom();
    if (this.#isLookingForRoom) return;
    this.#isLookingForRoom = true;
    while (this.#slots.waiting > 0 && !this.isDraining) {
      await this.#options.clock.sleep(lookForRoomMs, this.#draining.signal);
      this.#makeRoom();
    }
    this.#isLookingForRoom = false;
  }

  /** Where no slot is free, puts the longest idle graph to sleep before another one needs its slot. */
  #makeRoomAhead(): void {
    const { clock, limits, log } = this.#options;
    const { roomIdleMs } = limits;
    const isLeaving = this.#fallingAsleep.size + this.#closings.size > 0;
    if (roomIdleMs === 0 || !this.#roomAhead.pays || isLeaving || this.#slots.isFree) return;
    const hasRested = ({ lastActiveMs }: SupervisedEngine) => clock.now() - lastActiveMs >= roomIdleMs;
    const found = this.#idle().find(([, engine]) => engine.mayMakeRoom && hasRested(engine));
    if (!found) return;
    const [graphId, engine] = found;
    log.info({ graphId }, 'an idle graph is closed so that the next one finds room');
    this.#roomAhead.made(graphId);
    this.#putToSleep(graphId, engine);
  }

  /** Looks again and again while that pays: a graph that has been idle for long enough says nothing when it has. */
  async #lookAhead(): Promise<void> {
    const { clock, limits } = this.#options;
    if (this.#isLookingAhead || limits.roomIdleMs === 0) return;
    this.#isLookingAhead = true;
    while (this.#roomAhead.pays && !this.isDraining) {
      await clock.sleep(lookAheadMs, this.#draining.signal);
      this.#makeRoomAhead();
    }
    this.#isLookingAhead = false;
  }

  async #putIdleToSleep(idleMs: number): Promise<void> {
    const { clock, log } = this.#options;
    const lookMs = Math.min(idleLookMsMax, Math.max(idleLookMsMin, idleMs * idleSlack));
    for (;;) {
      await clock.sleep(lookMs, this.#draining.signal);
      if (this.isDraining) return;
      for (const [graphId, engine] of this.#idle()) {
        if (clock.now() - engine.lastActiveMs < idleMs) break;
        log.info({ graphId }, 'an idle graph is put to sleep');
        this.#putToSleep(graphId, engine);
      }
    }
  }

  /** Closes a graph unless its engine has a call by now, which only the engine knows for sure. */
  #putToSleep(graphId: string, engine: SupervisedEngine): void {
    const ask = async () => {
      const isAsleep = await engine.sleep();
      this.#fallingAsleep.delete(graphId);
      if (isAsleep && this.#engines.get(graphId) === engine) void this.close(graphId, false);
    };
    this.#fallingAsleep.set(graphId, ask());
  }

  #checkBroken(graphId: string): void {
    const found = this.#broken.get(graphId);
    const waitMs = (found?.untilMs ?? 0) - this.#options.clock.now();
    if (found && waitMs > 0) throw engineBroken(found.broken, waitMs);
    this.#broken.delete(graphId);
  }

  #forget(graphId: string, engine: SupervisedEngine): void {
    if (this.#engines.get(graphId) !== engine) return;
    this.#engines.delete(graphId);
    const { clock, limits, onChange } = this.#options;
    const { broken } = engine;
    if (broken) this.#broken.set(graphId, { broken, untilMs: clock.now() + limits.coolDownMs });
    onChange();
  }
}
