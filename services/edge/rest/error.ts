import { createRegistry, toJson } from '@bufbuild/protobuf';
import { base64Encode } from '@bufbuild/protobuf/wire';
import { type Any, AnySchema } from '@bufbuild/protobuf/wkt';
import { Code, CodeSchema } from '../../../gen/google/rpc/code_pb.js';
import { file_google_rpc_error_details } from '../../../gen/google/rpc/error_details_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type RpcError, reasonName, rpcError, toStatus } from '../../mesh/rpc/error.ts';
import { httpStatusOf } from '../data-path/http-status.ts';

/** An error that only HTTP has a word for: a status or headers that no google.rpc.Code stands for. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly error: RpcError;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(error: RpcError, status: number, headers: Readonly<Record<string, string>> = {}) {
    super(error.message, { cause: error });
    this.error = error;
    this.status = status;
    this.headers = headers;
  }
}

const registry = createRegistry(file_google_rpc_error_details);

// Where HTTP says it better than the code of the reason.
const statusByReason: ReadonlyMap<ErrorReason, number> = new Map([
  [ErrorReason.MESSAGE_TOO_LARGE, 413],
  [ErrorReason.METHOD_NOT_FOUND, 404],
]);

/** The HTTP status of an error. */
export function httpStatus({ code, reason }: Pick<RpcError, 'code' | 'reason'>): number {
  return statusByReason.get(reason) ?? httpStatusOf(code);
}

/** The error as `{"error":{"code","status","reason","message","details","requestId"}}`. */
export function errorJson(error: RpcError, requestId: string, status: number = httpStatus(error)): string {
  const details = toStatus(error, requestId).details.map(detailJson);
  const body = {
    code: status,
    status: CodeSchema.value[error.code]?.name ?? 'UNKNOWN',
    reason: reasonName(error.reason),
    message: error.message,
    details,
    requestId,
  };
  return JSON.stringify({ error: body });
}

/** The headers that an error's answer must have. */
export function errorHeaders(error: RpcError): Record<string, string> {
  const headers: Record<string, string> = {};
  if (error.code === Code.UNAUTHENTICATED) headers['www-authenticate'] = 'Bearer';
  const { retryAfterMs } = error;
  if (retryAfterMs !== undefined)
    headers['retry-after'] = String(Math.max(0, Math.ceil(retryAfterMs / 1000)));
  return headers;
}

/** Nothing is at this path. */
export function notFound(): HttpFailure {
  return new HttpFailure(rpcError(ErrorReason.METHOD_NOT_FOUND, 'there is nothing at this path'), 404);
}

/** The path exists, but not for this HTTP method. */
export function methodNotAllowed(httpMethod: string, allow: readonly string[]): HttpFailure {
  const message = `${httpMethod.slice(0, 32)} is not possible here; use ${allow.join(', ')}`;
  return new HttpFailure(rpcError(ErrorReason.METHOD_NOT_FOUND, message), 405, { allow: allow.join(', ') });
}

/** The body has a Content-Type that the method does not take. The answer says which it does, as RFC 5789 and LDP do. */
export function unsupportedMediaType(
  httpMethod: string | undefined,
  contentType: string,
  accepted: string,
): HttpFailure {
  const given = contentType === '' ? 'none came' : `${JSON.stringify(contentType.slice(0, 100))} came`;
  const error = rpcError(ErrorReason.MALFORMED_BODY, `the Content-Type must be ${accepted}; ${given}`);
  const header = httpMethod === 'POST' ? 'accept-post' : httpMethod === 'PATCH' ? 'accept-patch' : 'accept';
  return new HttpFailure(error, 415, { [header]: accepted });
}

/** The client takes no form that the answer can have. */
export function notAcceptable(possible: string): HttpFailure {
  const message = `Accept leaves out what the answer can be: ${possible}`;
  return new HttpFailure(rpcError(ErrorReason.INVALID_REQUEST, message), 406, { vary: 'accept' });
}

/** The body has a Content-Encoding that is not known here. */
export function unsupportedEncoding(encoding: string, accepted: string): HttpFailure {
  const message = `the Content-Encoding ${JSON.stringify(encoding.slice(0, 100))} is not one of ${accepted}`;
  return new HttpFailure(rpcError(ErrorReason.MALFORMED_BODY, message), 415, { 'accept-encoding': accepted });
}

function detailJson(detail: Any): unknown {
  try {
    return toJson(AnySchema, detail, { registry });
  } catch {
    return { '@type': detail.typeUrl, value: base64Encode(detail.value) };
  }
}
