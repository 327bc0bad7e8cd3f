import type { JWK } from 'jose';
import type { LogLevel } from '../../mesh/log/logger.ts';
import type { Tier } from '../../mesh/plan/tier-table.ts';

/** What an engine process is told to open. */
export interface EngineConfig {
  readonly graphId: string;
  readonly organizationId: string;
  /** The public name of a shared repository; empty for any other graph. */
  readonly repository: string;
  /** The limits that hold: the process has no file to read them from. */
  readonly tier: Tier;
  readonly epoch: bigint;
  /** The graph's database file. */
  readonly databasePath: string;
  /** An empty directory for the process's files: its working directory, HOME and uploads. */
  readonly workDirectory: string;
  /** The public key that verifies callers. The process holds no secret. */
  readonly verificationKey: JWK;
  readonly logLevel: LogLevel;
  /** Whether statements run one at a time at first: the process before took more memory than it may. */
  readonly isCareful: boolean;
  /** The largest file that can be imported; default: 512 MiB. */
  readonly importBytesMax?: number;
}

/** From the daemon to an engine process, over the process's own IPC channel. */
export type EngineCommand =
  | { readonly type: 'open'; readonly config: EngineConfig }
  /** Finish the calls under way, checkpoint, close, exit with 0. */
  | { readonly type: 'close' }
  /** The same where no call is under way, answered with `sleeping`; else nothing, answered with `busy`. */
  | { readonly type: 'sleep' }
  /** Answered with `pong` as soon as the event loop turns. */
  | { readonly type: 'ping' };

/** Why a graph did not open, as far as its engine can tell. */
export type OpenFailure =
  /** The database file, or its log, is damaged. */
  | 'damaged'
  /** Another version of the engine wrote the file. */
  | 'version'
  /** Another process has the file open. */
  | 'locked'
  | 'other';

/** From an engine process to its daemon. A process whose daemon is gone ends itself. */
export type EngineEvent =
  /** All code is loaded: `open` costs no more than the opening. */
  | { readonly type: 'ready' }
  | { readonly type: 'opened'; readonly endpoint: string }
  | { readonly type: 'failed'; readonly cause: OpenFailure; readonly message: string }
  /** Sent while there are calls, at most every 250 ms, and after the last one. */
  | { readonly type: 'activity'; readonly callsUnderWay: number }
  /** It has more memory than it may; the process ends. */
  | { readonly type: 'oversized' }
  /** No new call is taken any more; the process ends. */
  | { readonly type: 'sleeping' }
  | { readonly type: 'busy' }
  | { readonly type: 'pong' };
