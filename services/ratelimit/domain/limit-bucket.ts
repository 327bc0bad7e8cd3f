import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { LimitCategory } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { LimitSubject as LimitSubjectMessage } from '../../../gen/trellis/ratelimit/v1/ratelimit_pb.js';
import { type LimitSubject, toSubjectKey } from '../../mesh/limit/limit-subject.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { LimitedCategory } from './limit-table.ts';

/** The subject of a request. Throws INVALID_REQUEST where it names nobody, because all such would share a bucket. */
export function fromSubjectMessage(message: LimitSubjectMessage | undefined): LimitSubject {
  const subject = message?.subject;
  if (subject?.case === 'principalId' && subject.value !== '') {
    return { principalId: subject.value, plan: message?.plan ?? '' };
  }
  if (subject?.case === 'address' && subject.value !== '') return { address: subject.value };
  throw rpcError(ErrorReason.INVALID_REQUEST, 'the subject names nobody', {
    violations: [{ field: 'subject', description: 'must have a principal_id or an address' }],
  });
}

/** The name of the subject's bucket for a category. */
export function toBucketKey(subject: LimitSubject, category: LimitedCategory): string {
  return `${LimitCategory[category]}/${toSubjectKey(subject)}`;
}
