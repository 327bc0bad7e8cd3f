import type { DescMethod } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Principal } from '../../../gen/trellis/iam/v1/principal_pb.js';
import type { Logger } from '../log/logger.ts';
import { rpcError } from './error.ts';
import type { TraceContext } from './trace.ts';

/** Who makes a call. The substrate verified it. */
export interface Caller {
  /** The service of the mesh that sent the call, such as `edge`. */
  readonly service: string;
  /** On whose behalf; absent for anonymous calls and for calls between services. */
  readonly principal?: Principal;
  /** The signed form of this caller, to send along. */
  readonly assertion: string;
}

/** What a handler knows of its call beside the request. The substrate fills it and carries it on. */
export interface CallContext {
  readonly method: DescMethod;
  readonly requestId: string;
  readonly caller: Caller;
  /** Where the client connected from; empty where no client is behind the call. */
  readonly clientAddress: string;
  /** When the answer is of no use any more, in milliseconds since the epoch. */
  readonly deadlineMs: number | undefined;
  /** Aborts when the caller gave up or the deadline passed. */
  readonly signal: AbortSignal;
  readonly trace: TraceContext;
  /** Writes with the ids of this call. */
  readonly log: Logger;
}

/** The principal of an authenticated call. */
export function requirePrincipal(context: CallContext): Principal {
  if (context.caller.principal) return context.caller.principal;
  throw rpcError(ErrorReason.CREDENTIAL_MISSING, 'this method needs a credential');
}
