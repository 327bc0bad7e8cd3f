import type { BoundService } from '../rpc/service.ts';

/** A service as every process hosts it, alone or with others: what it serves, and how it ends. */
export interface ServiceModule {
  /** Its name in discovery, such as `iam`. */
  readonly name: string;
  readonly services: readonly BoundService[];
  /** Starts work that is not a call: timers, feeds. Called once, when the process can make calls. */
  start(): Promise<void>;
  /** Stops that work. Calls under way have ended before. */
  close(): Promise<void>;
}
