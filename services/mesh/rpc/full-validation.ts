import type { DescMessage, Message } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';

const validator = createValidator();

/** A field that breaks a rule, and how. */
export interface Violation {
  readonly field: string;
  readonly description: string;
}

/** Where a message breaks the rules of its contract. Throws where those are no rules. */
export function violationsOf(schema: DescMessage, message: Message): readonly Violation[] {
  const result = validator.validate(schema, message);
  if (result.kind === 'valid') return [];
  if (result.kind === 'error') throw result.error;
  return result.violations.map(({ field, message: description }) => ({
    field: pathToString(field),
    description,
  }));
}
