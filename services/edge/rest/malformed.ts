import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type RpcError, rpcError } from '../../mesh/rpc/error.ts';

/** The body is not what it should be. `field` is the path to the place, empty for the body itself. */
export function malformedBody(field: string, description: string, cause?: unknown): RpcError {
  const message = field === '' ? description : `${field}: ${description}`;
  return rpcError(ErrorReason.MALFORMED_BODY, message, {
    ...(field === '' ? {} : { violations: [{ field, description }] }),
    cause,
  });
}

/** A field of the request, named by its path, has a value that it cannot have. */
export function invalidField(field: string, description: string): RpcError {
  return rpcError(ErrorReason.INVALID_REQUEST, `${field}: ${description}`, {
    violations: [{ field, description }],
  });
}

/** The path of a member: `parameters.id`, or `parameters["a b"]` where the name is not an identifier. */
export function memberPath(parent: string, name: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${parent}[${quote(name)}]`;
  return parent === '' ? name : `${parent}.${name}`;
}

/** The text in JSON quotes, cut where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
