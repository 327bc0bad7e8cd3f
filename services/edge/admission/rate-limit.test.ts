import { create } from '@bufbuild/protobuf';
import { anyIs, anyUnpack } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { QuotaFailureSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { LimitCategory, MethodPolicySchema } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { LimitSubject } from '../../mesh/limit/limit-subject.ts';
import type { Decision } from '../../mesh/limit/local-limiter.ts';
import type { RpcError } from '../../mesh/rpc/error.ts';
import { inboundCall, principalOf } from '../testing.ts';
import { createRateLimit } from './rate-limit.ts';

const policy = create(MethodPolicySchema, { limit: LimitCategory.GRAPH_QUERY });

function limitThat(decides: Decision) {
  const taken: [LimitSubject, LimitCategory][] = [];
  const limit = createRateLimit({
    take: (subject, category) => {
      taken.push([subject, category]);
      return decides;
    },
    sweep: () => {},
    close: async () => {},
  });
  return { taken, limit };
}

const allowed: Decision = { allowed: true, limit: 20, remaining: 7.9, resetMs: 36_300 };
const refused: Decision = { allowed: false, limit: 20, retryAfterMs: 2_500 };

describe('a call', () => {
  it('with a principal draws from its bucket, whatever its address', async () => {
    const { limit, taken } = limitThat(allowed);
    await limit(policy, principalOf({ plan: 'standard' }), inboundCall());
    expect(taken).toEqual([[{ principalId: 'key_ada', plan: 'standard' }, LimitCategory.GRAPH_QUERY]]);
  });

  it('without one draws from the bucket of its address', async () => {
    const { limit, taken } = limitThat(allowed);
    await limit(policy, undefined, inboundCall({ clientAddress: '192.0.2.1' }));
    expect(taken).toEqual([[{ address: '192.0.2.1' }, LimitCategory.GRAPH_QUERY]]);
  });

  it('that is admitted is told the quota and what is left, in whole calls and seconds', async () => {
    const call = inboundCall();
    await limitThat(allowed).limit(policy, undefined, call);
    expect(call.responseHeaders.get('ratelimit-policy')).toBe('"GRAPH_QUERY";q=20;w=60');
    expect(call.responseHeaders.get('ratelimit')).toBe('"GRAPH_QUERY";r=7;t=37');
  });

  it('that is refused is told when to come back, in headers and in the error', async () => {
    const call = inboundCall();
    const error: RpcError = await limitThat(refused)
      .limit(policy, undefined, call)
      .then(
        () => expect.fail('admitted'),
        (thrown) => thrown,
      );
    expect(call.responseHeaders.get('ratelimit')).toBe('"GRAPH_QUERY";r=0;t=3');
    expect(error).toMatchObject({
      reason: ErrorReason.RATE_LIMITED,
      retryAfterMs: 2_500,
      metadata: { category: 'GRAPH_QUERY', limit: '20' },
    });
    const quota = error.details.find((detail) => anyIs(detail, QuotaFailureSchema));
    expect(quota && anyUnpack(quota, QuotaFailureSchema)?.violations).toMatchObject([
      { subject: 'GRAPH_QUERY' },
    ]);
  });
});
