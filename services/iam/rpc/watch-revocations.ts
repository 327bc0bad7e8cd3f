import type { PrincipalService } from '../../../gen/trellis/iam/v1/principal_pb.js';
import type { Clock } from '../../mesh/process/clock.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import type { WakeUps } from '../domain/wake-ups.ts';
import { feedUnavailable } from '../errors.ts';
import { type RevocationPage, readRevocations } from '../store/revocation-store.ts';

/** The longest silence of the feed. */
export const heartbeatMs = 5_000;

const revocationsPerMessageMax = 1_000;

export interface WatchRevocationsDeps {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly wakeUps: WakeUps;
}

/**
 * Streams revocations and changes of organizations after a sequence. Every message, heartbeats too, follows a read that succeeded: it means
 * "nothing else was revoked before this". The first comes at once. Ends when the caller gives up, and with
 * UNAVAILABLE when the database cannot be read.
 */
export function watchRevocations(
  deps: WatchRevocationsDeps,
): Handler<typeof PrincipalService.method.watchRevocations> {
  const { sql, clock, wakeUps } = deps;
  return async function* ({ fromSequence }, { signal }) {
    // Subscribed before the first read, so that no wake-up falls between reading and sleeping.
    const sleeper = wakeUps.subscribe();
    let sequence = fromSequence;
    let heartbeatDueMs = clock.now();
    try {
      while (!signal.aborted) {
        const page = await read(sql, sequence);
        const isNews = page.reset || page.sequence !== sequence;
        if (isNews || clock.now() >= heartbeatDueMs) {
          sequence = page.sequence;
          heartbeatDueMs = clock.now() + heartbeatMs;
          yield {
            sequence,
            credentialIds: [...page.credentialIds],
            organizationIds: [...page.organizationIds],
            reset: page.reset,
          };
        }
        if (!isNews) await sleeper.sleep(heartbeatDueMs - clock.now(), signal);
      }
    } finally {
      sleeper.close();
    }
  };
}

async function read(sql: Sql, sequence: bigint): Promise<RevocationPage> {
  try {
    return await readRevocations(sql, sequence, revocationsPerMessageMax);
  } catch (error) {
    throw feedUnavailable(error);
  }
}
