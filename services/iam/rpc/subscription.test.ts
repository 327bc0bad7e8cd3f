import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { Permission } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { Database } from '../../mesh/sql/database.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import {
  as,
  createTestIam,
  openIamDatabase,
  registerAccount,
  resolveAccessToken,
  resolveApiKey,
  type TestIam,
} from '../testing.ts';

const reason = (name: keyof typeof ErrorReason) => ({ reason: ErrorReason[name] });

describe.each(testDatabases)('SubscriptionService on $name', (kind) => {
  let database: Database;
  let iam: TestIam;
  let stop: AbortController;
  beforeEach(async () => {
    stop = new AbortController();
    database = await openIamDatabase(kind);
    iam = await createTestIam(database);
  });
  afterEach(async () => {
    stop.abort();
    await iam.close();
    await database.close();
  });

  test('a subscription is in the principals of its organization, by token and key, and in no other', async () => {
    const ada = await registerAccount(iam);
    const eve = await registerAccount(iam);
    const { secret } = await iam.apiKeys.createApiKey({ displayName: 'ci' }, as(ada.principal));
    for (const repository of ['sec', 'economic'])
      await iam.subscriptions.subscribeRepository({ repository }, as(ada.principal));
    expect((await resolveAccessToken(iam, ada.accessToken)).repositories).toEqual(['economic', 'sec']);
    expect((await resolveApiKey(iam, secret)).repositories).toEqual(['economic', 'sec']);
    expect((await resolveAccessToken(iam, eve.accessToken)).repositories).toEqual([]);
    await iam.subscriptions.unsubscribeRepository({ repository: 'sec' }, as(ada.principal));
    expect((await resolveAccessToken(iam, ada.accessToken)).repositories).toEqual(['economic']);
  });

  test('each change reaches watchers of the feed, without any time passing, and what changes nothing does not', async () => {
    const { principal } = await registerAccount(iam);
    const feed = iam.principals.watchRevocations({}, { signal: stop.signal })[Symbol.asyncIterator]();
    await feed.next();
    const organizationIds = [principal.organizationId];
    await iam.subscriptions.subscribeRepository({ repository: 'sec' }, as(principal));
    expect((await feed.next()).value).toMatchObject({ sequence: 1n, credentialIds: [], organizationIds });
    await iam.subscriptions.subscribeRepository({ repository: 'sec' }, as(principal));
    await iam.subscriptions.unsubscribeRepository({ repository: 'sec' }, as(principal));
    expect((await feed.next()).value).toMatchObject({ sequence: 2n, credentialIds: [], organizationIds });
    await iam.subscriptions.unsubscribeRepository({ repository: 'sec' }, as(principal));
    await iam.auth.logout({ refreshToken: (await registerAccount(iam)).refreshToken });
    expect((await feed.next()).value).toMatchObject({ sequence: 3n, organizationIds: [] });
  });

  test('racing subscriptions make one', async () => {
    const { principal, accessToken } = await registerAccount(iam);
    const attempts = Array.from({ length: 8 }, () =>
      iam.subscriptions.subscribeRepository({ repository: 'sec' }, as(principal)),
    );
    await Promise.all(attempts);
    expect((await resolveAccessToken(iam, accessToken)).repositories).toEqual(['sec']);
  });

  test('a name that the file of tiers does not have is refused', async () => {
    const { principal } = await registerAccount(iam);
    const refusal = { ...reason('REPOSITORY_NOT_FOUND'), metadata: { repository: 'sek' } };
    const request = { repository: 'sek' };
    await expect(iam.subscriptions.subscribeRepository(request, as(principal))).rejects.toMatchObject(
      refusal,
    );
    await expect(iam.subscriptions.unsubscribeRepository(request, as(principal))).rejects.toMatchObject(
      refusal,
    );
  });

  test('the organization that runs the platform is the one that the settings name, and no restricted key of it', async () => {
    const owner = await registerAccount(iam);
    const other = await registerAccount(iam);
    expect(owner.principal.permissions).not.toContain(Permission.PLATFORM_ADMIN);
    const platformOrganizationId = owner.principal.organizationId;
    const platform = await createTestIam(database, { platformOrganizationId });
    const login = await platform.auth.login({ email: owner.email, password: 'correct horse battery' });
    const principal = await resolveAccessToken(platform, login.accessToken);
    expect(principal.permissions).toContain(Permission.PLATFORM_ADMIN);
    const { secret } = await platform.apiKeys.createApiKey(
      { displayName: 'narrow', graphIds: ['sec'] },
      as(principal),
    );
    expect((await resolveApiKey(platform, secret)).permissions).toEqual([
      Permission.GRAPH_READ,
      Permission.GRAPH_WRITE,
    ]);
    const otherLogin = await platform.auth.login({ email: other.email, password: 'correct horse battery' });
    expect((await resolveAccessToken(platform, otherLogin.accessToken)).permissions).not.toContain(
      Permission.PLATFORM_ADMIN,
    );
    await platform.close();
  });
});
