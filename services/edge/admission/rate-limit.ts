import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Principal } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { LimitCategory, type MethodPolicy } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { Decision, LocalLimiter } from '../../mesh/limit/local-limiter.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { InboundHead } from '../inbound-call.ts';

/** Takes one token for a call, or throws RATE_LIMITED. The answer's headers tell what is left either way. */
export type RateLimit = (
  policy: MethodPolicy,
  principal: Principal | undefined,
  head: InboundHead,
) => Promise<void>;

/** Limits by the principal, or by the client's address where there is none. */
export function createRateLimit(limiter: LocalLimiter): RateLimit {
  return async (policy, principal, head) => {
    const subject = principal
      ? { principalId: principal.principalId, plan: principal.plan }
      : { address: head.clientAddress };
    const category = LimitCategory[policy.limit] ?? '';
    const decision = await limiter.take(subject, policy.limit);
    setHeaders(head.responseHeaders, category, decision);
    if (decision.allowed) return;
    throw rpcError(ErrorReason.RATE_LIMITED, `the limit of ${decision.limit} calls a minute is used up`, {
      metadata: { category, limit: String(decision.limit) },
      retryAfterMs: decision.retryAfterMs,
      quota: { subject: category, description: `${decision.limit} calls a minute` },
    });
  };
}

/** draft-ietf-httpapi-ratelimit-headers-10: the policy is a minute's quota, the state what is left of it. */
function setHeaders(headers: Map<string, string>, category: string, decision: Decision): void {
  const remaining = decision.allowed ? Math.floor(decision.remaining) : 0;
  const resetMs = decision.allowed ? decision.resetMs : decision.retryAfterMs;
  headers.set('ratelimit-policy', `"${category}";q=${decision.limit};w=60`);
  headers.set('ratelimit', `"${category}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`);
}
