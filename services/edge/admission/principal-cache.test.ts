import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { beforeEach, describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type Principal, PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { formatApiKey, generateApiKey } from '../../mesh/credential/api-key.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import { type Deferred, deferred } from '../../mesh/rpc/testing.ts';
import { PrincipalCache } from './principal-cache.ts';

const key = formatApiKey(generateApiKey());
const otherKey = formatApiKey(generateApiKey());
const ada = create(PrincipalSchema, { principalId: 'key_ada', credentialId: 'ada' });
const bob = create(PrincipalSchema, { principalId: 'key_bob', credentialId: 'bob' });
const invalid = () => rpcError(ErrorReason.CREDENTIAL_INVALID, 'no such key');
const gone = () => rpcError(ErrorReason.UNAVAILABLE, 'iam is gone');

let nowMs: number;
let asked: string[];
let answer: (credential: string) => Principal | Promise<Principal>;
let sign: () => Promise<void>;
let cache: PrincipalCache;

beforeEach(() => {
  nowMs = 1_000_000;
  asked = [];
  answer = (credential) => (credential === key ? ada : bob);
  sign = async () => {};
  cache = new PrincipalCache({
    resolve: async ({ value }) => {
      asked.push(value);
      return answer(value);
    },
    sign: async (principal) => {
      await sign();
      return { service: 'edge', principal, assertion: `signed ${asked.length}` };
    },
    clock: () => nowMs,
  });
});

/** An answer under way that the test gives. */
function hold(): Deferred<Principal> {
  const held = deferred<Principal>();
  answer = () => held.promise;
  return held;
}

const reasonOf = (call: Promise<unknown>) =>
  call.then(
    () => 'identified',
    (error) => ErrorReason[error.reason] ?? String(error),
  );

describe('a snapshot', () => {
  it('is used for ten seconds without asking again', async () => {
    const first = await cache.identify(key);
    expect(first.principal).toBe(ada);
    nowMs += 9_999;
    expect(await cache.identify(key)).toBe(first);
    expect(asked).toEqual([key]);
  });

  it('that is older is used and asked for again, once, and the answer replaces it', async () => {
    const first = await cache.identify(key);
    nowMs += 10_000;
    const held = hold();
    expect(await cache.identify(key)).toBe(first);
    expect(await cache.identify(key)).toBe(first);
    expect(asked).toHaveLength(2);
    held.resolve(ada);
    await expect.poll(() => cache.identify(key)).not.toBe(first);
    expect(asked).toHaveLength(2);
  });

  it('outlives failures to ask again up to its bound of thirty seconds, and not longer', async () => {
    const first = await cache.identify(key);
    answer = () => Promise.reject(gone());
    nowMs += 29_999;
    expect(await cache.identify(key)).toBe(first);
    await expect.poll(() => asked.length).toBe(2);
    nowMs += 1;
    expect(await reasonOf(cache.identify(key))).toBe('UNAVAILABLE');
  });

  it('ages from when it was asked for, not from when the answer came', async () => {
    const held = hold();
    const call = cache.identify(key);
    nowMs += 9_000;
    held.resolve(ada);
    await call;
    nowMs += 1_000;
    await cache.identify(key);
    expect(asked).toHaveLength(2);
  });

  it('goes as soon as asking again finds the credential refused', async () => {
    await cache.identify(key);
    nowMs += 10_000;
    answer = () => Promise.reject(invalid());
    await cache.identify(key);
    await expect.poll(() => reasonOf(cache.identify(key))).toBe('CREDENTIAL_INVALID');
  });

  it('is not used past the end of the credential', async () => {
    answer = () => create(PrincipalSchema, { credentialId: 'ada', expireTime: timestampFromMs(nowMs + 500) });
    await cache.identify(key);
    nowMs += 499;
    await cache.identify(key);
    nowMs += 1;
    expect(await reasonOf(cache.identify(key))).toBe('CREDENTIAL_EXPIRED');
  });

  it('is found by its own credential only', async () => {
    expect((await cache.identify(key)).principal).toBe(ada);
    expect((await cache.identify(otherKey)).principal).toBe(bob);
    expect((await cache.identify(key)).principal).toBe(ada);
    expect(asked).toEqual([key, otherKey]);
  });
});

describe('asking', () => {
  it('is done once for all who wait for the same credential', async () => {
    const held = hold();
    const calls = [cache.identify(key), cache.identify(key), cache.identify(key)];
    held.resolve(ada);
    const callers = await Promise.all(calls);
    expect(new Set(callers).size).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it('is not done for garbage', async () => {
    expect(await reasonOf(cache.identify(`${key}x`))).toBe('CREDENTIAL_INVALID');
    expect(asked).toEqual([]);
  });

  it('is not done again for five seconds after a refusal', async () => {
    answer = () => Promise.reject(invalid());
    expect(await reasonOf(cache.identify(key))).toBe('CREDENTIAL_INVALID');
    nowMs += 4_999;
    expect(await reasonOf(cache.identify(key))).toBe('CREDENTIAL_INVALID');
    expect(asked).toHaveLength(1);
    nowMs += 1;
    answer = () => ada;
    expect(await reasonOf(cache.identify(key))).toBe('identified');
  });

  it('is done again at once after a failure that is no refusal', async () => {
    answer = () => Promise.reject(gone());
    expect(await reasonOf(cache.identify(key))).toBe('UNAVAILABLE');
    answer = () => ada;
    expect(await reasonOf(cache.identify(key))).toBe('identified');
  });
});

describe('a revoked credential', () => {
  it('is forgotten at once, and no other', async () => {
    await cache.identify(key);
    await cache.identify(otherKey);
    cache.revoke(['ada']);
    answer = () => Promise.reject(invalid());
    expect(await reasonOf(cache.identify(key))).toBe('CREDENTIAL_INVALID');
    expect(await reasonOf(cache.identify(otherKey))).toBe('identified');
  });

  it('is refused although an answer from before is still on its way', async () => {
    const held = hold();
    const call = reasonOf(cache.identify(key));
    cache.revoke(['ada']);
    held.resolve(ada);
    expect(await call).toBe('CREDENTIAL_INVALID');
    expect(await reasonOf(cache.identify(key))).toBe('CREDENTIAL_INVALID');
  });

  it('is refused although the answer from before is being signed', async () => {
    const signing = deferred();
    sign = () => signing.promise;
    const call = reasonOf(cache.identify(key));
    await expect.poll(() => asked.length).toBe(1);
    cache.revoke(['ada']);
    signing.resolve();
    expect(await call).toBe('CREDENTIAL_INVALID');
  });
});

describe('after clearing', () => {
  it('everybody is asked for again, the refused too', async () => {
    await cache.identify(key);
    answer = () => Promise.reject(invalid());
    await reasonOf(cache.identify(otherKey));
    cache.clear();
    answer = () => ada;
    await cache.identify(key);
    expect(await reasonOf(cache.identify(otherKey))).toBe('identified');
    expect(asked).toEqual([key, otherKey, key, otherKey]);
  });

  it('an answer from before is not kept, nor waited for by later calls', async () => {
    const before = hold();
    const early = cache.identify(key);
    cache.clear();
    const after = hold();
    const late = cache.identify(key);
    expect(asked).toHaveLength(2);
    before.resolve(ada);
    expect((await early).principal).toBe(ada);
    answer = () => bob;
    after.resolve(bob);
    expect((await late).principal).toBe(bob);
    expect((await cache.identify(key)).principal).toBe(bob);
    expect(asked).toHaveLength(2);
  });
});

it('made-up credentials push no snapshot out', { timeout: 30_000 }, async () => {
  await cache.identify(key);
  answer = () => Promise.reject(invalid());
  for (let i = 0; i < 50_001; i++) await reasonOf(cache.identify(`e30.${i}.sig`));
  asked = [];
  expect((await cache.identify(key)).principal).toBe(ada);
  expect(asked).toEqual([]);
});

describe('an organization that has changed', () => {
  const adaOf = (organizationId: string) => create(PrincipalSchema, { ...ada, organizationId });

  it('is asked for anew, and no other', async () => {
    answer = (credential) => adaOf(credential === key ? 'org_ada' : 'org_bob');
    await cache.identify(key);
    await cache.identify(otherKey);
    cache.forgetOrganizations(['org_ada']);
    await cache.identify(key);
    await cache.identify(otherKey);
    expect(asked).toEqual([key, otherKey, key]);
  });

  it('while its answer is on its way is asked for again: nobody gets the answer from before', async () => {
    const held = hold();
    const before = cache.identify(key);
    cache.forgetOrganizations(['org_ada']);
    const after = cache.identify(key);
    answer = () => create(PrincipalSchema, { ...ada, organizationId: 'org_ada', repositories: ['sec'] });
    held.resolve(adaOf('org_ada'));
    expect((await before).principal?.repositories).toEqual(['sec']);
    expect((await after).principal?.repositories).toEqual(['sec']);
    expect((await cache.identify(key)).principal?.repositories).toEqual(['sec']);
    expect(asked).toHaveLength(2);
  });
});
