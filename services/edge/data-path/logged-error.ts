import type { Logger } from '../../mesh/log/logger.ts';
import { RpcError, toRpcError } from '../../mesh/rpc/error.ts';

/** Whose error it is, for the log. */
export interface FailedCall {
  readonly requestId: string;
  readonly path: string;
}

/** Anything thrown, as an error that a client may see. Clients are told that the log has the cause of a bug: here it gets there. */
export function toLoggedError(thrown: unknown, { requestId, path }: FailedCall, log: Logger): RpcError {
  if (!(thrown instanceof RpcError)) {
    log.error({ err: thrown, requestId, method: path }, 'a call failed at the edge');
  }
  return toRpcError(thrown);
}
