import type { Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import type { HttpBody } from '../../../gen/google/api/httpbody_pb.js';
import type { RestBinding } from './binding.ts';

/** The bytes that a response message is or has; undefined where it has none. */
export function httpBodyOf({ method, responseField }: RestBinding, message: Message): HttpBody | undefined {
  if (responseField?.fieldKind !== 'message') return message as HttpBody;
  const target = reflect(method.output, message);
  return target.isSet(responseField) ? (target.get(responseField).message as HttpBody) : undefined;
}
