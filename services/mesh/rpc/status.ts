import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { ServiceError } from '@grpc/grpc-js';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Fields } from '../http2/stream.ts';
import { fromStatus, RpcError, rpcError, toStatus } from './error.ts';
import { encodeGrpcMessage } from './grpc-message.ts';
import { headers } from './headers.ts';

/** The trailers of a call that failed: code, message and google.rpc.Status. */
export function toTrailers(error: RpcError, requestId: string): Fields {
  const details = toBinary(StatusSchema, toStatus(error, requestId));
  return [
    'grpc-status',
    String(error.code),
    'grpc-message',
    encodeGrpcMessage(error.message),
    headers.statusDetails,
    Buffer.from(details).toString('base64'),
  ];
}

/** The error of a call that failed, sent by the service or found by the channel itself. */
export function fromGrpcError(error: ServiceError): RpcError {
  const [details] = error.metadata?.get(headers.statusDetails) ?? [];
  if (details instanceof Buffer) return fromStatus(fromBinary(StatusSchema, details));
  switch (error.code as number) {
    case Code.DEADLINE_EXCEEDED:
      return rpcError(ErrorReason.DEADLINE_EXCEEDED, "the call's deadline passed", { cause: error });
    // A service that answers says more than the code; these come from the connection: a reset stream, a broken pipe.
    case Code.CANCELLED:
    case Code.INTERNAL:
    case Code.UNAVAILABLE:
      return rpcError(ErrorReason.UNAVAILABLE, 'the service is not reachable', {
        cause: error,
        retryAfterMs: 1_000,
      });
    case Code.RESOURCE_EXHAUSTED:
      return rpcError(ErrorReason.MESSAGE_TOO_LARGE, 'a message is larger than the limit', { cause: error });
    default:
      return new RpcError(error.code as number, ErrorReason.UNSPECIFIED, error.details, {}, [], error);
  }
}

/** What grpc-js says of calls that no service has begun. */
const notSentMessages = ['No connection established', 'Name resolution failed', 'Stream refused by server'];

/**
 * How far a call got whose connection failed: `not-sent` where the service cannot have seen it, `lost` where it may
 * have. Undefined for an error that the service itself answered with.
 */
export function connectionLoss(error: RpcError): 'not-sent' | 'lost' | undefined {
  if (error.reason !== ErrorReason.UNAVAILABLE || !(error.cause instanceof Error)) return undefined;
  const { message } = error.cause;
  return notSentMessages.some((text) => message.includes(text)) ? 'not-sent' : 'lost';
}
