import { createRequire } from 'node:module';
import type { DescMessage, Message } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from './error.ts';
import { plainCheckOf } from './plain-validity.ts';

const require = createRequire(import.meta.url);

/** Holds a request against the rules of its contract. Throws INVALID_REQUEST with each field that breaks one. */
export type Validation = (request: Message) => void;

/**
 * The validation of requests of one type. A request that is plainly valid costs no more than that; for all others,
 * and for types with rules beyond, there is the full validation, a fifth of a second to load and first use.
 */
export function validationOf(schema: DescMessage): Validation {
  const isPlainlyValid = plainCheckOf(schema);
  if (!isPlainlyValid) loadFullValidation();
  return (request) => {
    if (!isPlainlyValid?.(request)) validateFully(schema, request);
  };
}

function validateFully(schema: DescMessage, request: Message): void {
  const violations = [...loadFullValidation().violationsOf(schema, request)];
  if (violations.length === 0) return;
  const summary = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  throw rpcError(ErrorReason.INVALID_REQUEST, `the request is not valid: ${summary}`, { violations });
}

function loadFullValidation(): typeof import('./full-validation.ts') {
  return require('./full-validation.ts');
}
