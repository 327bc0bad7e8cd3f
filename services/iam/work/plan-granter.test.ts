import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../mesh/log/logger.ts';
import type { Database } from '../../mesh/sql/database.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { pendingPlanGrant } from '../store/schema.ts';
import { createTestIam, openIamDatabase, registerAccount, type TestIam } from '../testing.ts';
import { createPlanGranter, firstClaimMs, type PlanGranter } from './plan-granter.ts';

const log = createLogger('iam-test', 'silent');

describe.each(testDatabases)('plan grants on $name', (kind) => {
  let database: Database;
  let iam: TestIam;
  let granter: PlanGranter;
  const { signal } = new AbortController();
  beforeEach(async () => {
    database = await openIamDatabase(kind);
    iam = await createTestIam(database);
    granter = createPlanGranter({ sql: iam.sql, channel: iam.ledger.channel, clock: iam.clock, log });
  });
  afterEach(() => database.close());

  const pending = () => iam.sql.$count(pendingPlanGrant);

  /** A registration while the credit service is down: one call made, one grant pending. */
  const registerWhileDown = async () => {
    iam.ledger.failure = new Error('down');
    await registerAccount(iam);
    expect(iam.ledger.calls).toHaveLength(1);
    expect(await pending()).toBe(1);
  };

  test('a sweep leaves a registration its own attempt and takes over after it', async () => {
    await registerWhileDown();
    iam.ledger.failure = undefined;
    iam.clock.advance(firstClaimMs - 1);
    await granter.sweep(signal);
    expect(iam.ledger.calls).toHaveLength(1);
    iam.clock.advance(1);
    await granter.sweep(signal);
    expect(iam.ledger.calls).toHaveLength(2);
    expect(iam.ledger.calls[1]).toMatchObject({ plan: 'standard' });
    expect(await pending()).toBe(0);
  });

  test('attempts back off while the credit service is down, and go on until it is back', async () => {
    await registerWhileDown();
    iam.clock.advance(firstClaimMs);
    await granter.sweep(signal);
    expect(iam.ledger.calls).toHaveLength(2);
    for (const waitMs of [4_000, 8_000, 16_000]) {
      const calls = iam.ledger.calls.length;
      iam.clock.advance(waitMs - 1);
      await granter.sweep(signal);
      expect(iam.ledger.calls).toHaveLength(calls);
      iam.clock.advance(1);
      await granter.sweep(signal);
      expect(iam.ledger.calls).toHaveLength(calls + 1);
      expect(await pending()).toBe(1);
    }
    iam.ledger.failure = undefined;
    iam.clock.advance(300_000);
    await granter.sweep(signal);
    expect(await pending()).toBe(0);
  });

  test('one grant that fails does not hold up the others', async () => {
    iam.ledger.failure = new Error('down');
    for (let i = 0; i < 3; i++) await registerAccount(iam);
    iam.clock.advance(firstClaimMs);
    const channel = iam.ledger.channel;
    iam.ledger.failure = undefined;
    let calls = 0;
    const failsFirst = createPlanGranter({
      sql: iam.sql,
      clock: iam.clock,
      log,
      channel: {
        ...channel,
        call: (...args) => {
          calls++;
          if (calls === 1) throw new Error('down');
          return channel.call(...args);
        },
      },
    });
    await failsFirst.sweep(signal);
    expect(calls).toBe(3);
    expect(await pending()).toBe(1);
  });

  test('sweeps of several processes at a time make each grant once', async () => {
    iam.ledger.failure = new Error('down');
    for (let i = 0; i < 5; i++) await registerAccount(iam);
    iam.ledger.failure = undefined;
    iam.ledger.calls.length = 0;
    iam.clock.advance(firstClaimMs);
    await Promise.all([granter.sweep(signal), granter.sweep(signal), granter.sweep(signal)]);
    const organizations = iam.ledger.calls.map(({ organizationId }) => organizationId);
    expect(organizations).toHaveLength(5);
    expect(new Set(organizations).size).toBe(5);
    expect(await pending()).toBe(0);
  });

  test('a started server empties the outbox that a crash left, and stops when closed', async () => {
    await registerWhileDown();
    iam.ledger.failure = undefined;
    iam.clock.advance(firstClaimMs);
    await iam.start();
    // The sweep and the trim and the poll sleep when their first run is over.
    await iam.clock.whenSleeping(3);
    expect(await pending()).toBe(0);
    await iam.close();
  });
});
