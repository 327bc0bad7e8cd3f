import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { Access, type MethodPolicy } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { Caller } from '../../mesh/rpc/context.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { InboundHead } from '../inbound-call.ts';
import { authorize } from './authorize.ts';
import type { Identifier } from './identify.ts';
import type { RateLimit } from './rate-limit.ts';

/**
 * Lets a call in by its head alone: identify, authorize, limit. Resolves with who calls, undefined where the method is
 * public; rejects with the error for the client.
 */
export type Admit = (policy: MethodPolicy, head: InboundHead) => Promise<Caller | undefined>;

/** Admission by the method's policy. */
export function createAdmit(identifier: Identifier, limit: RateLimit): Admit {
  return async (policy, head) => {
    const caller = await identify(identifier, policy, head);
    if (caller?.principal) authorize(policy, caller.principal);
    await limit(policy, caller?.principal, head);
    return caller;
  };
}

/** Who calls. A credential that comes with a public call is not looked at. */
async function identify(
  identifier: Identifier,
  policy: MethodPolicy,
  { credential }: InboundHead,
): Promise<Caller | undefined> {
  if (policy.access === Access.PUBLIC) return undefined;
  if (credential !== undefined) return identifier.identify(credential);
  const message = 'this needs a credential: Authorization: Bearer … or X-API-Key: …';
  throw rpcError(ErrorReason.CREDENTIAL_MISSING, message);
}
