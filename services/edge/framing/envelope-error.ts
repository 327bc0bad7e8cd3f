import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type RpcError, rpcError } from '../../mesh/rpc/error.ts';

/** A message has, or says that it has, more bytes than the limit. */
export function messageTooLarge(messageBytesMax: number): RpcError {
  return rpcError(ErrorReason.MESSAGE_TOO_LARGE, `a message has more than ${messageBytesMax} bytes`, {
    metadata: { limit_bytes: String(messageBytesMax) },
  });
}

/** The stream of messages is not framed as its protocol frames them. */
export function malformedStream(message: string, cause?: unknown): RpcError {
  return rpcError(ErrorReason.MALFORMED_BODY, message, { cause });
}
