import { errorCode, StreamError } from './frame.ts';
import { hasPseudoFields, isConnectionField, readLength } from './message-head.ts';
import type { Fields } from './stream.ts';

/** What the head of an answer says. */
export interface ResponseHead {
  readonly status: number;
  /** What it announces for its body. */
  readonly length: number | undefined;
}

/** Checks the head of an answer (RFC 9113, section 8.3.2). Throws StreamError. */
export function readResponseHead(fields: Fields): ResponseHead {
  const [name, status = ''] = fields;
  if (name !== ':status' || !/^[1-9]\d\d$/.test(status)) throw malformed('status');
  const others = fields.slice(2);
  if (hasPseudoFields(others)) throw malformed('head');
  let length: number | undefined;
  for (let index = 0; index < others.length; index += 2) {
    const field = others[index] as string;
    const value = others[index + 1] as string;
    if (isConnectionField(field, value)) throw malformed(field);
    if (field === 'content-length') length = readLength(value, length);
  }
  return { status: Number(status), length };
}

function malformed(name: string): StreamError {
  return new StreamError(errorCode.protocolError, `a malformed ${name}`);
}
