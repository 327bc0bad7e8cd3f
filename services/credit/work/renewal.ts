import type { Logger } from '../../mesh/log/logger.ts';
import type { TierTable } from '../../mesh/plan/tier-table.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import { planGrant } from '../domain/grant.ts';
import { periodOf } from '../domain/period.ts';
import type { PostgresLedgerStore } from '../store/postgres-ledger-store.ts';

const pageSize = 100;

export interface RenewalDeps {
  readonly store: PostgresLedgerStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tiers: TierTable;
}

/**
 * Gives every organization that the ledger knows its allocation for the current month where it is missing, and
 * moves what is left of expired grants to breakage. Safe to run at any time, on any number of processes. What fails
 * for one organization or grant is logged and left for the next run.
 */
export async function renew(deps: RenewalDeps, signal: AbortSignal): Promise<void> {
  await sweepGrants(deps, signal);
  await grantPlans(deps, signal);
}

async function sweepGrants({ store, clock, log }: RenewalDeps, signal: AbortSignal): Promise<void> {
  const nowMs = clock.now();
  for (let after = ''; ; ) {
    const grantIds = await store.grantsToSweep(nowMs, { after, limit: pageSize });
    for (const grantId of grantIds) {
      if (signal.aborted) return;
      await attempt(log, { grantId }, () => store.sweep(grantId, nowMs));
    }
    const last = grantIds.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

async function grantPlans({ store, clock, log, tiers }: RenewalDeps, signal: AbortSignal): Promise<void> {
  const nowMs = clock.now();
  const period = periodOf(nowMs);
  for (let after = ''; ; ) {
    const organizations = await store.organizationsToRenew(period, { after, limit: pageSize });
    for (const { organizationId, plan: planId } of organizations) {
      if (signal.aborted) return;
      await attempt(log, { organizationId }, async () => {
        const plan = tiers.findPlan(planId);
        if (!plan) throw new Error(`there is no plan ${planId}`);
        await store.give(planGrant(organizationId, plan, period), nowMs);
      });
    }
    const last = organizations.at(-1);
    if (last === undefined) return;
    after = last.organizationId;
  }
}

async function attempt(
  log: Logger,
  ids: Readonly<Record<string, string>>,
  run: () => Promise<void>,
): Promise<void> {
  try {
    await run();
  } catch (err) {
    log.error({ ...ids, err }, 'renewal failed; the next run tries again');
  }
}
