import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ErrorReason } from '../../gen/trellis/common/v1/error_reason_pb.js';
import { type Principal, PrincipalSchema } from '../../gen/trellis/iam/v1/principal_pb.js';
import { Permission } from '../../gen/trellis/policy/v1/policy_pb.js';
import { childTrace } from '../mesh/rpc/trace.ts';
import type { InboundCall } from './inbound-call.ts';

/** A principal that may do everything in its organization, unless told otherwise. */
export function principalOf(changes: MessageInitShape<typeof PrincipalSchema> = {}): Principal {
  return create(PrincipalSchema, {
    principalId: 'key_ada',
    organizationId: 'org_ada',
    plan: 'free',
    credentialId: 'ada',
    permissions: [
      Permission.GRAPH_READ,
      Permission.GRAPH_WRITE,
      Permission.GRAPH_ADMIN,
      Permission.GRAPH_CREATE,
      Permission.ORGANIZATION_READ,
      Permission.ORGANIZATION_ADMIN,
    ],
    ...changes,
  });
}

/** A call as a protocol would present it. */
export function inboundCall(changes: Partial<InboundCall> = {}): InboundCall {
  return {
    requestId: 'request-1',
    credential: undefined,
    clientAddress: '192.0.2.7',
    deadlineMs: undefined,
    endMs: Date.now() + 60_000,
    metadata: [],
    signal: new AbortController().signal,
    trace: childTrace(undefined),
    responseHeaders: new Map(),
    ...changes,
  };
}

/** The name of the reason that work fails with. */
export function reasonOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error) => ErrorReason[error.reason] ?? String(error),
  );
}
