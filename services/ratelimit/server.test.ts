import type { MessageShape } from '@bufbuild/protobuf';
import { create, type DescMethod, type DescService, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { LimitCategory } from '../../gen/trellis/policy/v1/policy_pb.js';
import { LeaseService, RateLimitService } from '../../gen/trellis/ratelimit/v1/ratelimit_pb.js';
import type { CallContext } from '../mesh/rpc/context.ts';
import { readRateLimitConfig } from './config.ts';
import { createRateLimitServer } from './server.ts';

const principal = { principalId: 'key_1', plan: 'standard' };

async function openServer(env: Record<string, string> = {}) {
  const clock = { nowMicros: 0 };
  let ids = 0;
  const server = await createRateLimitServer({
    config: readRateLimitConfig(env),
    nowMicros: () => clock.nowMicros,
    createId: (prefix) => `${prefix}_${++ids}`,
  });
  async function call<I extends DescMethod['input'], O extends DescMethod['output']>(
    method: DescMethod & { readonly input: I; readonly output: O; readonly parent: DescService },
    request: MessageInitShape<I>,
    caller: object = { service: 'edge', principal },
  ): Promise<MessageShape<O>> {
    const methods = server.services.flatMap((service) => service.methods);
    const bound = methods.find(({ desc }) => desc === method);
    if (!bound) throw new Error(`${method.name} is not bound`);
    const context = { caller } as CallContext;
    const response = await bound.handle(create(method.input, request), context);
    return create(method.output, response as MessageInitShape<O>);
  }
  return { clock, call };
}

const key = (plan: string) => ({ subject: { case: 'principalId' as const, value: 'key_1' }, plan });
const address = (value: string) => ({ subject: { case: 'address' as const, value }, plan: '' });
const { acquire, release } = LeaseService.method;
const { listLimits } = RateLimitService.method;

describe('ratelimit', () => {
  it('Acquire grants tokens of the plan for ten seconds', async () => {
    const { call } = await openServer();
    const request = { subject: key('standard'), category: LimitCategory.GRAPH_QUERY, wants: 5 };
    expect(await call(acquire, request)).toMatchObject({
      leaseId: 'lse_1',
      granted: 5,
      expireAfter: { seconds: 10n, nanos: 0 },
      requestsPerMinute: 60,
      remaining: 55,
      retryAfter: { seconds: 0n, nanos: 0 },
    });
  });

  it('Acquire answers a drained bucket with no tokens and the exact wait', async () => {
    const { call, clock } = await openServer();
    const request = { subject: key('free'), category: LimitCategory.GRAPH_IMPORT, wants: 9 };
    for (let i = 0; i < 2; i++) {
      const { leaseId } = await call(acquire, request);
      await call(release, { leaseId, unused: 0 });
    }
    clock.nowMicros += 1;
    expect(await call(acquire, request)).toMatchObject({
      leaseId: '',
      granted: 0,
      remaining: 0,
      requestsPerMinute: 2,
      retryAfter: { seconds: 29n, nanos: 999_999_000 },
    });
  });

  it('Acquire counts the addresses of one IPv6 network together, with a tenth of free', async () => {
    const { call } = await openServer();
    const of = (value: string) => ({ subject: address(value), category: LimitCategory.AI, wants: 1 });
    expect(await call(acquire, of('2001:db8::1'))).toMatchObject({ granted: 1, requestsPerMinute: 1 });
    expect(await call(acquire, of('2001:db8::2'))).toMatchObject({ granted: 0 });
    expect(await call(acquire, of('2001:db8:0:1::1'))).toMatchObject({ granted: 1 });
  });

  it.each([
    {
      subject: { subject: { case: 'principalId' as const, value: '' } },
      category: LimitCategory.AI,
      wants: 1,
    },
    { subject: address(''), category: LimitCategory.AI, wants: 1 },
    { category: LimitCategory.AI, wants: 1 },
    { subject: address('10.0.0.1'), wants: 1 },
  ])('Acquire refuses a request that names no bucket: %j', async (request) => {
    const { call } = await openServer();
    await expect(call(acquire, request)).rejects.toMatchObject({ name: 'RpcError', code: 3 });
  });

  it('Release gives unused tokens back, and is no error for an unknown lease', async () => {
    const { call } = await openServer();
    const request = { subject: key('standard'), category: LimitCategory.AI, wants: 2 };
    const { leaseId } = await call(acquire, request);
    await call(release, { leaseId, unused: 2 });
    await call(release, { leaseId: 'lse_unknown', unused: 2 });
    expect(await call(acquire, { ...request, wants: 1 })).toMatchObject({ remaining: 9 });
  });

  it("ListLimits shows the caller's limit in every category with what is left, and takes nothing", async () => {
    const { call } = await openServer();
    const { leaseId } = await call(acquire, {
      subject: key('standard'),
      category: LimitCategory.AI,
      wants: 2,
    });
    await call(release, { leaseId, unused: 0 });
    await call(listLimits, {});
    const { plan, limits } = await call(listLimits, {});
    expect(plan).toBe('standard');
    expect(limits).toHaveLength(12);
    expect(limits.find((limit) => limit.category === LimitCategory.AI)).toMatchObject({
      requestsPerMinute: 10,
      remaining: 8,
      reset: { seconds: 12n, nanos: 0 },
    });
    expect(limits.find((limit) => limit.category === LimitCategory.STATUS)).toMatchObject({
      requestsPerMinute: 600,
      remaining: 600,
      reset: { seconds: 0n, nanos: 0 },
    });
  });

  it('ListLimits refuses a call without a credential', async () => {
    const { call } = await openServer();
    await expect(call(listLimits, {}, { service: 'edge' })).rejects.toMatchObject({ code: 16 });
  });

  it('scales every limit', async () => {
    const { call } = await openServer({ TRELLIS_RATELIMIT_SCALE: '1000' });
    const { limits } = await call(listLimits, {});
    expect(limits.find((limit) => limit.category === LimitCategory.AUTH)?.requestsPerMinute).toBe(20_000);
  });

  it.each(['0', '-1', 'many', 'Infinity'])('does not start with the scale %s', (scale) => {
    expect(() => readRateLimitConfig({ TRELLIS_RATELIMIT_SCALE: scale })).toThrow('TRELLIS_RATELIMIT_SCALE');
  });
});
