import type { DescMethod } from '@bufbuild/protobuf';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { isIdempotent } from '../../mesh/rpc/service.ts';
import type { RetryThrottle } from './retry-throttle.ts';
import type { UpstreamEnd } from './upstream.ts';

const transparentMax = 2;
const policyMax = 2;
const backoffFirstMs = 50;
const backoffLastMs = 1_000;

/** What a decision on one more attempt goes by. */
export interface FailedAttempt {
  readonly method: DescMethod;
  readonly end: Pick<UpstreamEnd, 'code' | 'loss' | 'pushbackMs'>;
  /** False once anything of an answer was passed on, or the requests are not all kept. */
  readonly mayRepeat: boolean;
  /** Attempts after the first so far, by kind. */
  readonly transparentCount: number;
  readonly policyCount: number;
}

/** One more attempt, and when. */
export interface Retry {
  readonly kind: 'transparent' | 'policy';
  readonly delayMs: number;
}

/**
 * Whether a failed call is made again, as gRFC A6 has it. Transparently where no service has seen it; by policy where
 * a service was not available, the method does no harm when it runs twice, the service did not say no, and the throttle
 * allows it. `random` gives numbers from 0 to below 1.
 */
export function decideRetry(
  attempt: FailedAttempt,
  throttle: RetryThrottle,
  random: () => number,
): Retry | undefined {
  const { method, end, mayRepeat, transparentCount, policyCount } = attempt;
  if (!mayRepeat) return undefined;
  if (end.loss === 'not-sent' && transparentCount < transparentMax)
    return { kind: 'transparent', delayMs: 0 };
  if (end.code !== Code.UNAVAILABLE || !isIdempotent(method) || policyCount >= policyMax) return undefined;
  const { pushbackMs } = end;
  if ((pushbackMs !== undefined && pushbackMs < 0) || !throttle.allowsRetries) return undefined;
  const backoffMs = Math.min(backoffFirstMs * 2 ** policyCount, backoffLastMs) * random();
  return { kind: 'policy', delayMs: pushbackMs ?? backoffMs };
}

/**
 * Counts the end of an attempt for the throttle, before the decision: what may be retried, or says not to, costs a token.
 * What no service has seen says nothing of how much services have to do.
 */
export function countEnd(throttle: RetryThrottle, end: FailedAttempt['end']): void {
  if (end.loss === 'not-sent') return;
  const isFailure = end.code === Code.UNAVAILABLE || (end.pushbackMs !== undefined && end.pushbackMs < 0);
  if (isFailure) throttle.onFailure();
  else throttle.onSuccess();
}
