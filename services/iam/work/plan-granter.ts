import { LedgerService } from '../../../gen/trellis/credit/v1/credit_pb.js';
import type { Logger } from '../../mesh/log/logger.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import type { CallOptions, Channel } from '../../mesh/rpc/channel.ts';
import { createClient } from '../../mesh/rpc/client.ts';
import type { CallContext } from '../../mesh/rpc/context.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import { retryWaitMs } from '../domain/retry.ts';
import {
  claimPlanGrants,
  completePlanGrant,
  type PlanGrant,
  postponePlanGrant,
} from '../store/plan-grant-store.ts';

/** How long a registration waits for its credits. */
const firstTimeoutMs = 2_000;
/** How long one attempt of the sweep may take. */
const sweepTimeoutMs = 5_000;
const grantsPerSweepMax = 20;
/** A claim outlasts the attempts of a whole sweep. */
const claimMs = grantsPerSweepMax * sweepTimeoutMs + 10_000;

/** How long a registration keeps its grant to itself; then a sweep takes over. */
export const firstClaimMs = 10_000;

/** Empties the outbox to the credit service. */
export interface PlanGranter {
  /** Makes the grant of a registration just committed. Never throws; a sweep makes up for what fails. */
  grantFirst(grant: PlanGrant, context: CallContext): Promise<void>;
  /** Makes the grants that are due. */
  sweep(signal: AbortSignal): Promise<void>;
}

export interface PlanGranterDeps {
  readonly sql: Sql;
  readonly channel: Channel;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * A grant is called at least once and made exactly once: the row of the outbox goes only after the credit service
 * said yes, and that service makes one grant per organization and month however often it is asked.
 */
export function createPlanGranter({ sql, channel, clock, log }: PlanGranterDeps): PlanGranter {
  const ledger = createClient(LedgerService, channel);

  async function make({ organizationId, plan }: PlanGrant, options: CallOptions): Promise<void> {
    await ledger.grantPlan({ organizationId, plan }, options);
    await completePlanGrant(sql, organizationId);
  }

  return {
    grantFirst: async (grant, context) => {
      try {
        await make(grant, { context, timeoutMs: firstTimeoutMs });
      } catch (err) {
        context.log.warn({ err, organizationId: grant.organizationId }, 'plan grant left to the sweep');
      }
    },
    sweep: async (signal) => {
      const nowMs = clock.now();
      const grants = await claimPlanGrants(
        sql,
        new Date(nowMs),
        new Date(nowMs + claimMs),
        grantsPerSweepMax,
      );
      for (const { attemptCount, ...grant } of grants) {
        if (signal.aborted) return;
        try {
          await make(grant, { timeoutMs: sweepTimeoutMs, signal });
        } catch (err) {
          log.warn({ err, organizationId: grant.organizationId, attemptCount }, 'plan grant failed');
          const retryTime = new Date(clock.now() + retryWaitMs(attemptCount));
          await postponePlanGrant(sql, grant.organizationId, retryTime);
        }
      }
    },
  };
}
