import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CreditService, LedgerService, TransferKind } from '../../gen/trellis/credit/v1/credit_pb.js';
import type { Principal } from '../../gen/trellis/iam/v1/principal_pb.js';
import { createLogger } from '../mesh/log/logger.ts';
import type { ServiceModule } from '../mesh/process/service-module.ts';
import type { CallOptions } from '../mesh/rpc/channel.ts';
import { type Client, createClient } from '../mesh/rpc/client.ts';
import { createDispatcher } from '../mesh/rpc/dispatcher.ts';
import { createInProcessChannel } from '../mesh/rpc/in-process-channel.ts';
import type { Database } from '../mesh/sql/database.ts';
import { testDatabases } from '../mesh/sql/testing.ts';
import { readCreditConfig } from './config.ts';
import { createCreditServer } from './server.ts';
import { createCountingIds, createManualClock, type ManualClock, openCreditDatabase } from './testing.ts';

const log = createLogger('credit-test', 'silent');
const november = Date.UTC(2026, 10, 22, 12);
const december = Date.UTC(2026, 11, 1);
const standardMicros = 10_000n * 1_000_000n;

/** Call options of a client of the organization. */
function as(organizationId: string): CallOptions {
  return { caller: { service: 'edge', assertion: '', principal: { organizationId } as Principal } };
}

describe.each(testDatabases)('credit on $name', (kind) => {
  let database: Database;
  let server: ServiceModule;
  let clock: ManualClock;
  let credits: Client<typeof CreditService>;
  let ledger: Client<typeof LedgerService>;
  const createId = createCountingIds();

  beforeAll(async () => {
    database = await openCreditDatabase(kind);
    clock = createManualClock(november);
    server = await openServer(clock);
    const channel = createInProcessChannel(createDispatcher(server.services, log), async () => ({
      service: 'edge',
      assertion: '',
    }));
    credits = createClient(CreditService, channel);
    ledger = createClient(LedgerService, channel);
  });
  afterAll(() => database.close());

  const openServer = (withClock: ManualClock) =>
    createCreditServer({
      sql: database.sql,
      log,
      config: readCreditConfig({}),
      clock: withClock,
      createId,
    });

  it('GrantPlan gives the allocation of the month, which ends with it', async () => {
    const { grant, created } = await ledger.grantPlan({ organizationId: 'org_a', plan: 'standard' });
    expect(created).toBe(true);
    expect(grant).toMatchObject({
      source: 'plan:standard',
      amountMicros: standardMicros,
      availableMicros: standardMicros,
      createTime: { seconds: BigInt(november / 1_000) },
      expireTime: { seconds: BigInt(december / 1_000) },
    });
  });

  it('GrantPlan gives once a month, also to parallel calls and another plan', async () => {
    const calls = ['standard', 'standard', 'premium', 'enterprise'].map((plan) =>
      ledger.grantPlan({ organizationId: 'org_b', plan }),
    );
    const answers = await Promise.all(calls);
    expect(answers.filter((answer) => answer.created)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.grant?.grantId)).size).toBe(1);
    const again = await ledger.grantPlan({ organizationId: 'org_b', plan: 'standard' });
    expect(again).toMatchObject({ created: false, grant: { grantId: answers[0]?.grant?.grantId } });
  });

  it.each(['gold', 'free', 'toString'])('GrantPlan refuses the unknown plan %s', async (plan) => {
    await expect(ledger.grantPlan({ organizationId: 'org_c', plan })).rejects.toMatchObject({
      name: 'RpcError',
      code: 3,
    });
    expect(await credits.getBalance({}, as('org_c'))).toMatchObject({ availableMicros: 0n });
  });

  it("GetBalance shows the caller's organization and no other", async () => {
    await ledger.grantPlan({ organizationId: 'org_d', plan: 'premium' });
    expect(await credits.getBalance({}, as('org_d'))).toMatchObject({
      availableMicros: 200_000n * 1_000_000n,
      heldMicros: 0n,
      debtMicros: 0n,
      grants: [{ source: 'plan:premium' }],
    });
    expect(await credits.getBalance({}, as('org_unknown'))).toMatchObject({
      availableMicros: 0n,
      grants: [],
    });
  });

  it('GetBalance and ListTransfers refuse a call without a credential', async () => {
    await expect(credits.getBalance({})).rejects.toMatchObject({ code: 16 });
    await expect(credits.listTransfers({})).rejects.toMatchObject({ code: 16 });
  });

  it('ListPlans shows the plans, cheapest first', async () => {
    const { plans } = await credits.listPlans({});
    expect(
      plans.map(({ planId, priceCentsPerMonth, creditsPerMonth, graphsMax }) => [
        planId,
        priceCentsPerMonth,
        creditsPerMonth,
        graphsMax,
      ]),
    ).toEqual([
      ['standard', 4_999, 10_000, 5],
      ['enterprise', 19_999, 50_000, 25],
      ['premium', 49_999, 200_000, 100],
    ]);
  });

  it('ListTransfers says what was given', async () => {
    const { grant } = await ledger.grantPlan({ organizationId: 'org_e', plan: 'standard' });
    const { transfers, nextPageToken } = await credits.listTransfers({}, as('org_e'));
    expect(transfers).toMatchObject([
      {
        kind: TransferKind.GRANT,
        amountMicros: standardMicros,
        debitAccount: 'issued',
        creditAccount: `available:${grant?.grantId}`,
        description: 'plan:standard',
        createTime: { seconds: BigInt(november / 1_000) },
      },
    ]);
    expect(nextPageToken).toBe('');
  });

  it('ListTransfers pages from the newest to the oldest, each transfer once', async () => {
    const months = 5;
    for (let month = 0; month < months; month++) {
      clock.set(Date.UTC(2026, 10 + month, 22));
      await ledger.grantPlan({ organizationId: 'org_f', plan: 'standard' });
    }
    clock.set(november);
    const seen: bigint[] = [];
    let pageToken = '';
    const sizes: number[] = [];
    do {
      const page = await credits.listTransfers({ pageSize: 2, pageToken }, as('org_f'));
      sizes.push(page.transfers.length);
      seen.push(...page.transfers.map((one) => one.createTime?.seconds ?? 0n));
      // What is posted between two pages moves none of them.
      clock.set(Date.UTC(2027, 10 + sizes.length, 1));
      await ledger.grantPlan({ organizationId: 'org_f', plan: 'standard' });
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    clock.set(november);
    expect(sizes).toEqual([2, 2, 1]);
    expect(seen).toEqual([4, 3, 2, 1, 0].map((month) => BigInt(Date.UTC(2026, 10 + month, 22) / 1_000)));
  });

  it("ListTransfers shows nobody else's transfers, whatever the page token", async () => {
    for (const month of [10, 11]) {
      clock.set(Date.UTC(2026, month, 22));
      await ledger.grantPlan({ organizationId: 'org_g', plan: 'standard' });
    }
    clock.set(november);
    const { nextPageToken } = await credits.listTransfers({ pageSize: 1 }, as('org_g'));
    expect(nextPageToken).not.toBe('');
    const { transfers } = await credits.listTransfers({ pageToken: nextPageToken }, as('org_nobody'));
    expect(transfers).toEqual([]);
  });

  it.each([
    ['words', 'abc'],
    ['not base64url', '%%%'],
    ['a number of no transfer', Buffer.from('transfers:0').toString('base64url')],
    ['a number beyond 64 bits', Buffer.from('transfers:9223372036854775808').toString('base64url')],
    ['a padded token', `${Buffer.from('transfers:1').toString('base64url')}==`],
  ])('ListTransfers refuses %s as page token', async (_what, pageToken) => {
    await expect(credits.listTransfers({ pageToken }, as('org_a'))).rejects.toMatchObject({ code: 3 });
  });

  it('gives each organization its allocation when a month begins, and ends the one before', async () => {
    await ledger.grantPlan({ organizationId: 'org_h', plan: 'standard' });
    await ledger.grantPlan({ organizationId: 'org_h', plan: 'enterprise' });
    const ownClock = createManualClock(december - 60_000);
    const [one, other] = [await openServer(ownClock), await openServer(createManualClock(december))];
    await one.start();
    expect(await ownClock.sleeping()).toBe(december);
    ownClock.set(december);
    await other.start();
    await ownClock.sleeping();
    await Promise.all([one.close(), other.close()]);
    clock.set(december);
    const { transfers } = await credits.listTransfers({}, as('org_h'));
    expect(transfers.map(({ description }) => description)).toEqual([
      'plan:enterprise',
      'expired: plan:standard',
      'plan:standard',
    ]);
    const { availableMicros, grants } = await credits.getBalance({}, as('org_h'));
    clock.set(november);
    expect(availableMicros).toBe(50_000n * 1_000_000n);
    expect(grants).toHaveLength(1);
  });

  it('does not start with an interval that makes no sense', () => {
    expect(() => readCreditConfig({ TRELLIS_CREDIT_RENEWAL_INTERVAL_MS: '0' })).toThrow(
      'TRELLIS_CREDIT_RENEWAL_INTERVAL_MS',
    );
  });
});
