import { describe, expect, it } from 'vitest';
import { LimitCategory } from '../../gen/trellis/policy/v1/policy_pb.js';
import { createLeaseClient } from '../mesh/limit/lease-client.ts';
import { createLocalLimiter } from '../mesh/limit/local-limiter.ts';
import { createLogger } from '../mesh/log/logger.ts';
import { createDispatcher } from '../mesh/rpc/dispatcher.ts';
import { createInProcessChannel } from '../mesh/rpc/in-process-channel.ts';
import { createRateLimitServer } from './server.ts';

async function openClient() {
  const server = await createRateLimitServer({ config: { scale: 1 }, nowMicros: () => 0 });
  const dispatcher = createDispatcher(server.services, createLogger('ratelimit-test', 'silent'));
  const channel = createInProcessChannel(dispatcher, async () => ({ service: 'edge', assertion: '' }));
  return createLeaseClient(channel);
}

const subject = { principalId: 'key_1', plan: 'standard' };

describe('lease client', () => {
  it('leases, releases and is refused through the contract', async () => {
    const { acquire, release } = await openClient();
    const request = { subject, category: LimitCategory.AI, wants: 2 };
    const first = await acquire(request);
    expect(first).toMatchObject({
      granted: 2,
      expireAfterMs: 10_000,
      limit: 10,
      remaining: 8,
      retryAfterMs: 0,
    });
    await release(first.leaseId, 1);
    expect(await acquire({ ...request, wants: 1 })).toMatchObject({ remaining: 8 });
    const address = { ...request, subject: { address: '10.0.0.1' } };
    const only = await acquire(address);
    await release(only.leaseId, 0);
    expect(await acquire(address)).toMatchObject({ leaseId: '', granted: 0, limit: 1, retryAfterMs: 60_000 });
  });

  it('lets a local limiter admit exactly the limit', async () => {
    const limiter = createLocalLimiter({ ...(await openClient()), clock: () => 0 });
    const calls = Array.from({ length: 25 }, () => limiter.take(subject, LimitCategory.AI));
    const decisions = await Promise.all(calls);
    expect(decisions.filter((decision) => decision.allowed)).toHaveLength(10);
    await limiter.close();
  });
});
