import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PrincipalService, type WatchRevocationsRequest } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { formatApiKey, generateApiKey } from '../../mesh/credential/api-key.ts';
import { bindService } from '../../mesh/rpc/service.ts';
import { channelTo, silentLog, TestStream } from '../../mesh/rpc/testing.ts';
import { principalOf, reasonOf } from '../testing.ts';
import { createIdentifier, type Identifier } from './identify.ts';

const key = formatApiKey(generateApiKey());
type Message = { sequence: bigint; credentialIds?: string[]; organizationIds?: string[]; reset?: boolean };

let asked: number;
let opened: WatchRevocationsRequest[];
/** The feed as it is open now. */
let feed: TestStream<Message>;
let identifier: Identifier;

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  opened = [];
  const iam = bindService(PrincipalService, {
    resolvePrincipal: async () => {
      asked++;
      return { principal: principalOf() };
    },
    watchRevocations: (request) => {
      opened.push(request);
      feed = new TestStream();
      return feed;
    },
  });
  identifier = createIdentifier({
    channel: channelTo(iam),
    sign: async (principal) => ({ service: 'edge', assertion: 'signed', ...(principal && { principal }) }),
    clock: Date.now,
    log: silentLog,
  });
});
afterEach(async () => {
  await identifier.close();
  vi.useRealTimers();
});

/** Lets what is under way happen, without time passing. */
const settle = () => vi.advanceTimersByTimeAsync(0);

async function hear(message: Message): Promise<void> {
  await settle();
  feed.send(message);
  await settle();
}

describe('with a feed that speaks', () => {
  it('a credential is identified, and from memory the next time', async () => {
    await hear({ sequence: 0n });
    const caller = await identifier.identify(key);
    expect(caller.principal?.principalId).toBe('key_ada');
    expect(await identifier.identify(key)).toBe(caller);
    expect(asked).toBe(1);
  });

  it('a change of the organization makes the edge ask again', async () => {
    await hear({ sequence: 0n });
    await identifier.identify(key);
    await hear({ sequence: 1n, organizationIds: ['org_eve'] });
    await identifier.identify(key);
    expect(asked).toBe(1);
    await hear({ sequence: 2n, organizationIds: ['org_ada'] });
    await identifier.identify(key);
    expect(asked).toBe(2);
  });

  it('a revocation makes the edge ask again', async () => {
    await hear({ sequence: 0n });
    await identifier.identify(key);
    await hear({ sequence: 1n, credentialIds: ['somebody else'] });
    await identifier.identify(key);
    expect(asked).toBe(1);
    await hear({ sequence: 2n, credentialIds: ['ada'] });
    await reasonOf(identifier.identify(key));
    expect(asked).toBe(2);
  });

  it('a reset clears everything known', async () => {
    await hear({ sequence: 0n });
    await identifier.identify(key);
    await hear({ sequence: 9n, reset: true });
    await identifier.identify(key);
    expect(asked).toBe(2);
  });
});

describe('without a feed', () => {
  it('nobody is identified before its first message', async () => {
    expect(identifier.isCurrent()).toBe(false);
    expect(await reasonOf(identifier.identify(key))).toBe('UNAVAILABLE');
    expect(asked).toBe(0);
  });

  it('nobody is identified once it was silent for thirty seconds, until it speaks again', async () => {
    await hear({ sequence: 0n });
    await identifier.identify(key);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(identifier.isCurrent()).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(identifier.isCurrent()).toBe(false);
    expect(await reasonOf(identifier.identify(key))).toBe('UNAVAILABLE');
    await hear({ sequence: 0n });
    expect(await reasonOf(identifier.identify(key))).toBe('no error');
    expect(asked).toBe(2);
  });

  it('setting the wall clock back does not make up for its silence', async () => {
    await hear({ sequence: 0n });
    await vi.advanceTimersByTimeAsync(30_000);
    vi.setSystemTime(Date.now() - 3_600_000);
    expect(identifier.isCurrent()).toBe(false);
  });

  it('it is opened again after what was heard last', async () => {
    await hear({ sequence: 7n, credentialIds: ['x'] });
    feed.end();
    await vi.advanceTimersByTimeAsync(200);
    expect(opened.map(({ fromSequence }) => fromSequence)).toEqual([0n, 7n]);
  });
});
