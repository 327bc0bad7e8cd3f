import { createRegistry, fromBinary, type JsonValue, toJson } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import * as errorDetails from '../../../gen/google/rpc/error_details_pb.js';
import type { CallEnd } from '../data-path/call.ts';
import { readDetails } from '../data-path/call-end.ts';

/** An error as Connect writes it in JSON. */
export function connectError({ code, message, details }: CallEnd): { readonly [key: string]: JsonValue } {
  const typed = readDetails(details)?.details.map(toDetail) ?? [];
  return {
    code: codeName(code),
    ...(message !== '' && { message }),
    ...(typed.length > 0 && { details: typed }),
  };
}

function codeName(code: number): string {
  if (code === Code.CANCELLED) return 'canceled';
  return (Code[code] ?? 'UNKNOWN').toLowerCase();
}

const registry = createRegistry(errorDetails.file_google_rpc_error_details);

/** `debug` is for people: clients read `value`. */
function toDetail({ typeUrl, value }: Any): JsonValue {
  const type = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  const base64 = Buffer.from(value).toString('base64').replace(/=+$/, '');
  const schema = registry.getMessage(type);
  if (!schema) return { type, value: base64 };
  try {
    return { type, value: base64, debug: toJson(schema, fromBinary(schema, value), { registry }) };
  } catch {
    // The service sent bytes that are not of this type: the client gets them as they are.
    return { type, value: base64 };
  }
}
