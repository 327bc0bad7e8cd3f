import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { LimitCategory } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { LeaseService } from '../../../gen/trellis/ratelimit/v1/ratelimit_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { fromSubjectMessage, toBucketKey } from '../domain/limit-bucket.ts';
import { findLimit } from '../domain/limit-table.ts';
import type { LeaseStore } from '../store/lease-store.ts';
import { toDuration } from './duration.ts';

/** Takes tokens out of one bucket for local use. */
export function acquire(deps: {
  readonly store: LeaseStore;
  readonly scale: number;
}): Handler<typeof LeaseService.method.acquire> {
  return async (request) => {
    const subject = fromSubjectMessage(request.subject);
    const { category, wants } = request;
    if (category === LimitCategory.UNSPECIFIED) {
      throw rpcError(ErrorReason.INVALID_REQUEST, 'the request names no category', {
        violations: [{ field: 'category', description: 'must be a category' }],
      });
    }
    const limit = findLimit(subject, category, deps.scale);
    const grant = await deps.store.acquire(toBucketKey(subject, category), limit, wants);
    return {
      leaseId: grant.leaseId,
      granted: grant.tokens,
      expireAfter: toDuration(grant.expireAfterMicros),
      requestsPerMinute: limit,
      remaining: grant.remaining,
      retryAfter: toDuration(grant.retryAfterMicros),
    };
  };
}
