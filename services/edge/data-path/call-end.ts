import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { type Status, StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { fromStatus, RpcError, toStatus } from '../../mesh/rpc/error.ts';
import type { CallEnd } from './call.ts';

/** The end of a call that went well. */
export const okEnd: CallEnd = { code: Code.OK, message: '', details: '', trailers: [] };

/** An error found at the edge, as the end of a call. */
export function toCallEnd(error: RpcError, requestId: string): CallEnd {
  const { code, message } = error;
  const details = encodeDetails(toStatus(error, requestId));
  return withRetryAfter({ code, message, details, trailers: [] }, error.retryAfterMs);
}

/** A google.rpc.Status as `grpc-status-details-bin` has it: base64 without padding. */
export function encodeDetails(status: Status): string {
  return Buffer.from(toBinary(StatusSchema, status)).toString('base64').replace(/=+$/, '');
}

/** The end of a call as its service told it, with what its details say of retries where every protocol can tell it. */
export function fromUpstreamEnd(end: CallEnd): CallEnd {
  return end.details === '' ? end : withRetryAfter(end, fromCallEnd(end).retryAfterMs);
}

function withRetryAfter(end: CallEnd, retryAfterMs: number | undefined): CallEnd {
  return retryAfterMs === undefined ? end : { ...end, retryAfterMs: Math.ceil(retryAfterMs) };
}

/** The error that a call ended with; its code is not OK. */
export function fromCallEnd(end: CallEnd): RpcError {
  const status = readDetails(end.details);
  if (status) return fromStatus(status);
  return new RpcError(end.code, ErrorReason.UNSPECIFIED, end.message);
}

/** The google.rpc.Status of `grpc-status-details-bin`; undefined where there is none, or none that can be read. */
export function readDetails(details: string): Status | undefined {
  if (details === '') return undefined;
  try {
    return fromBinary(StatusSchema, Buffer.from(details, 'base64'));
  } catch {
    // What cannot be read is no error of the call: code and message say what happened.
    return undefined;
  }
}
