import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import type { WatchRevocationsResponse } from '../../../gen/trellis/iam/v1/principal_pb.js';
import type { Database } from '../../mesh/sql/database.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { refreshGraceMs } from '../domain/refresh-token.ts';
import { appendRevocation } from '../store/revocation-store.ts';
import { revocationRetentionMs, trim } from '../store/trim.ts';
import {
  as,
  createTestIam,
  openIamDatabase,
  present,
  registerAccount,
  type TestAccount,
  type TestIam,
} from '../testing.ts';
import { pollIntervalMs } from '../work/revocation-poll.ts';
import { heartbeatMs } from './watch-revocations.ts';

describe.each(testDatabases)('WatchRevocations on $name', (kind) => {
  let database: Database;
  let iam: TestIam;
  let stopWatching: AbortController;
  beforeEach(async () => {
    database = await openIamDatabase(kind);
    iam = await createTestIam(database);
    stopWatching = new AbortController();
  });
  afterEach(async () => {
    stopWatching.abort();
    await iam.close();
    await database.close();
  });

  /** The messages after the first, which comes at once. */
  const watch = async (fromSequence = 0n) => {
    const { signal } = stopWatching;
    const stream = iam.principals.watchRevocations({ fromSequence }, { signal });
    const messages = stream[Symbol.asyncIterator]();
    const next = async (): Promise<WatchRevocationsResponse> => (await messages.next()).value;
    return { first: await next(), next };
  };
  const revoke = (credentialId: string) =>
    database.sql.transaction((tx) => appendRevocation(tx, credentialId, new Date(iam.clock.now())));
  const createKey = async ({ principal }: TestAccount) => {
    const { apiKey } = await iam.apiKeys.createApiKey({ displayName: 'ci' }, as(principal));
    return present(apiKey).apiKeyId;
  };

  test('the first message comes at once and covers what the caller asked from', async () => {
    expect((await watch()).first).toMatchObject({ sequence: 0n, credentialIds: [], reset: false });
  });

  test('a watcher gets everything after its sequence, in order, and nothing else', async () => {
    for (const id of ['a', 'b', 'c']) await revoke(id);
    expect((await watch(1n)).first).toMatchObject({ sequence: 3n, credentialIds: ['b', 'c'], reset: false });
    expect((await watch(3n)).first).toMatchObject({ sequence: 3n, credentialIds: [], reset: false });
  });

  test('a revoked key, a logout and a reused refresh token reach watchers without any time passing', async () => {
    const account = await registerAccount(iam);
    const other = await registerAccount(iam);
    const apiKeyId = await createKey(account);
    await iam.auth.refreshSession({ refreshToken: other.refreshToken });
    iam.clock.advance(refreshGraceMs + 1);
    const { next } = await watch();

    await iam.apiKeys.revokeApiKey({ apiKeyId }, as(account.principal));
    expect(await next()).toMatchObject({ sequence: 1n, credentialIds: [apiKeyId] });

    await iam.auth.logout({ refreshToken: account.refreshToken });
    expect(await next()).toMatchObject({ sequence: 2n, credentialIds: [account.principal.credentialId] });

    const news = next();
    await iam.clock.whenSleeping(1);
    await expect(iam.auth.refreshSession({ refreshToken: other.refreshToken })).rejects.toThrow();
    expect(await news).toMatchObject({ sequence: 3n, credentialIds: [other.principal.credentialId] });
  });

  test('without news a heartbeat comes every 5 s and not before', async () => {
    expect(heartbeatMs).toBe(5_000);
    const { next } = await watch();
    let beats = 0;
    const beat = next().then(() => beats++);
    await iam.clock.whenSleeping(1);
    iam.clock.advance(heartbeatMs - 1);
    await database.sql.execute('select 1');
    expect(beats).toBe(0);
    iam.clock.advance(1);
    await beat;
    expect(beats).toBe(1);
  });

  test("the poll finds another process's revocation within 500 ms", async () => {
    expect(pollIntervalMs).toBeLessThanOrEqual(500);
    const { next } = await watch();
    await iam.start();
    const news = next();
    // The watcher, the poll, the sweep and the trim.
    await iam.clock.whenSleeping(4);
    await revoke('elsewhere');
    iam.clock.advance(pollIntervalMs);
    expect(await news).toMatchObject({ sequence: 1n, credentialIds: ['elsewhere'] });
  });

  test('an unknown sequence is reset to the latest and goes on from there', async () => {
    await revoke('a');
    const { first, next } = await watch(7n);
    expect(first).toMatchObject({ sequence: 1n, credentialIds: [], reset: true });
    const news = next();
    await iam.clock.whenSleeping(1);
    await revoke('b');
    iam.clock.advance(heartbeatMs);
    expect(await news).toMatchObject({ sequence: 2n, credentialIds: ['b'], reset: false });
  });

  test('a sequence whose successors were trimmed is reset, a later one is not', async () => {
    await revoke('old');
    iam.clock.advance(revocationRetentionMs + 1);
    await revoke('new');
    await trim(database.sql, iam.clock.now());
    expect((await watch(0n)).first).toMatchObject({ sequence: 2n, credentialIds: [], reset: true });
    expect((await watch(1n)).first).toMatchObject({ sequence: 2n, credentialIds: ['new'], reset: false });
  });

  test('parallel revocations have sequences without gap or repetition, and a watcher misses none', async () => {
    const account = await registerAccount(iam);
    const ids = await Promise.all(Array.from({ length: 20 }, () => createKey(account)));
    const { next } = await watch();
    const seen: string[] = [];
    const watched = (async () => {
      let sequence = 0n;
      while (seen.length < ids.length) {
        const message = await next();
        sequence += BigInt(message.credentialIds.length);
        expect(message.sequence).toBe(sequence);
        seen.push(...message.credentialIds);
      }
    })();
    await Promise.all(ids.map((apiKeyId) => iam.apiKeys.revokeApiKey({ apiKeyId }, as(account.principal))));
    await watched;
    expect([...seen].sort()).toEqual([...ids].sort());
  });

  test('the stream ends when the caller gives up', async () => {
    const { next } = await watch();
    const last = next();
    await iam.clock.whenSleeping(1);
    stopWatching.abort();
    await expect(last).rejects.toMatchObject({ code: Code.CANCELLED });
  });

  test('UNAVAILABLE: without the database the feed ends, so that silence is not taken for peace', async () => {
    const { next } = await watch();
    const last = next();
    await iam.clock.whenSleeping(1);
    await database.sql.execute('alter table iam.revocation rename to gone');
    iam.clock.advance(heartbeatMs);
    await expect(last).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  });
});
