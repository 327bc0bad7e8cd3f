import type { InboundHead } from '../inbound-call.ts';
import type { Fields } from '../listener/exchange.ts';

/** The header fields of an answer: its content type, the edge's own, and the service's metadata. */
export function answerFields(contentType: string, head: InboundHead, metadata: Fields): string[] {
  const fields = ['content-type', contentType];
  for (const [name, value] of head.responseHeaders) fields.push(name, value);
  for (let index = 0; index < metadata.length; index++) fields.push(metadata[index] ?? '');
  return fields;
}
