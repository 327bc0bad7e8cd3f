import { durationMs } from '@bufbuild/protobuf/wkt';
import { PlacementService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { Logger } from '../../mesh/log/logger.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import type { Channel } from '../../mesh/rpc/channel.ts';
import { createClient } from '../../mesh/rpc/client.ts';
import { backOffMs } from './domain/back-off.ts';
import type { HeldGraph } from './supervisor/supervisor.ts';

const reportTimeoutMs = 5_000;
const leaveTimeoutMs = 2_000;
const retryFirstMs = 100;
const retryMaxMs = 5_000;
/** Whatever the lease is, reports without a change keep this distance. */
const intervalMinMs = 200;

/** What a node says about itself. */
export interface NodeDescription {
  readonly nodeId: string;
  readonly endpoint: string;
  readonly tier: string;
  readonly slots: number;
  readonly draining: boolean;
  readonly openGraphs: readonly HeldGraph[];
}

export interface RegistrationOptions {
  readonly catalog: Channel;
  readonly describe: () => NodeDescription;
  /** Closes and deletes a graph, as the catalog asks. */
  readonly onDelete: (graphId: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Tells the catalog what the node is and holds: at start, on every change, and three times in a lease. One report at
 * a time, each one whole. While the catalog is away it keeps trying, and the graphs go on being served.
 */
export class Registration {
  readonly #options: RegistrationOptions;
  readonly #over = new AbortController();
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Something to report changed. */
  changed(): void {
    this.#wake.abort();
  }

  /** Stops, and says a last time what there is: nothing any more, so that the catalog needs not wait for the lease. */
  async leave(): Promise<void> {
    this.#over.abort();
    this.#wake.abort();
    await this.#loop;
    await this.#report(leaveTimeoutMs).catch((err: unknown) =>
      this.#options.log.warn({ err }, 'the catalog was not told that the node leaves'),
    );
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    let failures = 0;
    while (!this.#over.signal.aborted) {
      // Before the report is made: a change that comes later is in the next one.
      this.#wake = new AbortController();
      try {
        const leaseMs = await this.#report(reportTimeoutMs);
        if (failures > 0) log.info('the catalog is back');
        failures = 0;
        await clock.sleep(Math.max(intervalMinMs, leaseMs / 3), this.#wake.signal);
      } catch (err) {
        failures++;
        log.warn({ err, failures }, 'the catalog does not take the registration');
        await clock.sleep(backOffMs(failures, retryFirstMs, retryMaxMs), this.#over.signal);
      }
    }
  }

  async #report(timeoutMs: number): Promise<number> {
    const { catalog, describe, onDelete, log } = this.#options;
    const { openGraphs, ...node } = describe();
    const request = { ...node, openGraphs: [...openGraphs] };
    const response = await createClient(PlacementService, catalog).registerNode(request, { timeoutMs });
    for (const graphId of response.deleteGraphIds) {
      onDelete(graphId).catch((err: unknown) => log.error({ err, graphId }, 'a graph could not be deleted'));
    }
    return response.lease ? durationMs(response.lease) : 0;
  }
}
