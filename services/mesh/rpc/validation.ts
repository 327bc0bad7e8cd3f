import type { DescMessage, Message } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from './error.ts';

const validator = createValidator();

/** Holds a request against the rules of its contract. Throws INVALID_REQUEST with each field that breaks one. */
export function validateRequest(schema: DescMessage, request: Message): void {
  const result = validator.validate(schema, request);
  if (result.kind === 'valid') return;
  if (result.kind === 'error') throw result.error;
  const violations = result.violations.map(({ field, message }) => ({
    field: pathToString(field),
    description: message,
  }));
  const summary = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  throw rpcError(ErrorReason.INVALID_REQUEST, `the request is not valid: ${summary}`, { violations });
}
