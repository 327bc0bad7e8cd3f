import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { errorCode } from '../../mesh/http2/frame.ts';
import { RpcError, rpcError } from '../../mesh/rpc/error.ts';
import { decodeGrpcMessage } from '../../mesh/rpc/grpc-message.ts';
import { headers } from '../../mesh/rpc/headers.ts';
import { toCallEnd } from '../data-path/call-end.ts';
import type { Fields } from '../listener/exchange.ts';
import { customFields, fieldOf } from './response-fields.ts';
import type { Loss, UpstreamEnd } from './upstream.ts';

/** The end that a service tells in its trailers; undefined where they have no status. */
export function endFromFields(fields: Fields): UpstreamEnd | undefined {
  const status = fieldOf(fields, 'grpc-status');
  if (status === undefined) return undefined;
  const pushback = fieldOf(fields, 'grpc-retry-pushback-ms');
  return {
    code: /^(?:\d|1[0-6])$/.test(status) ? Number(status) : Code.UNKNOWN,
    message: decodeGrpcMessage(fieldOf(fields, 'grpc-message') ?? ''),
    details: fieldOf(fields, headers.statusDetails) ?? '',
    trailers: customFields(fields),
    loss: undefined,
    pushbackMs: pushback === undefined ? undefined : parsePushback(pushback),
  };
}

/** What cannot be read means: do not retry. */
function parsePushback(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : -1;
}

/** An end that is made here, with the error's details. */
export function endFromError(error: RpcError, requestId: string, loss: Loss | undefined): UpstreamEnd {
  return { ...toCallEnd(error, requestId), loss, pushbackMs: undefined };
}

/** The error of a call that did not get through. */
export function unreachable(): RpcError {
  return rpcError(ErrorReason.UNAVAILABLE, 'the service is not reachable', { retryAfterMs: 1_000 });
}

const brokenOff = 'the service broke the call off';

/** The error of a call whose stream ended with this HTTP/2 code and without a status. */
export function errorFromReset(http2Code: number): RpcError {
  switch (http2Code) {
    case errorCode.refusedStream:
      return unreachable();
    case errorCode.cancel:
      return rpcError(ErrorReason.CANCELLED, brokenOff);
    case errorCode.enhanceYourCalm:
      return rpcError(ErrorReason.RATE_LIMITED, 'the service is asked too much just now', {
        retryAfterMs: 1_000,
      });
    case errorCode.inadequateSecurity:
      return rpcError(ErrorReason.PERMISSION_DENIED, 'the service asks for a safer connection');
    default:
      return rpcError(ErrorReason.INTERNAL, brokenOff);
  }
}

const codeByHttpStatus: Readonly<Record<number, Code>> = {
  400: Code.INTERNAL,
  401: Code.UNAUTHENTICATED,
  403: Code.PERMISSION_DENIED,
  404: Code.UNIMPLEMENTED,
  429: Code.UNAVAILABLE,
  502: Code.UNAVAILABLE,
  503: Code.UNAVAILABLE,
  504: Code.UNAVAILABLE,
};

/** The error of an answer that is not gRPC's, by gRPC's table. */
export function errorFromHttp(status: number): RpcError {
  const code = codeByHttpStatus[status] ?? Code.UNKNOWN;
  if (code === Code.UNAVAILABLE) return unreachable();
  return new RpcError(code, ErrorReason.UNSPECIFIED, `the service answered with HTTP status ${status}`);
}
