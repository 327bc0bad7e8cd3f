import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { RpcError, rpcError } from '../rpc/error.ts';
import { envelopeFlags } from './envelope.ts';

/** A message has, or says that it has, more bytes than the limit. */
export function messageTooLarge(messageBytesMax: number): RpcError {
  return rpcError(ErrorReason.MESSAGE_TOO_LARGE, `a message has more than ${messageBytesMax} bytes`, {
    metadata: { limit_bytes: String(messageBytesMax) },
  });
}

/** An envelope has flags that mean nothing here. gRPC and Connect want INTERNAL for one of them. */
export function unexpectedFlags(flags: number): RpcError {
  if (flags !== envelopeFlags.compressed)
    return malformedStream(`a message has the flags 0x${flags.toString(16).padStart(2, '0')}`);
  const message = 'a message is compressed, but no header says how';
  return new RpcError(Code.INTERNAL, ErrorReason.MALFORMED_BODY, message);
}

/** The stream of messages is not framed as its protocol frames them. */
export function malformedStream(message: string, cause?: unknown): RpcError {
  return rpcError(ErrorReason.MALFORMED_BODY, message, { cause });
}
