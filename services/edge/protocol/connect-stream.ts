import { Code } from '../../../gen/google/rpc/code_pb.js';
import { envelopeFlags, frame } from '../../mesh/framing/envelope.ts';
import type { CallEnd } from '../data-path/call.ts';
import type { Fields } from '../listener/exchange.ts';
import { connectError } from './connect-error.ts';
import type { FramedAnswer } from './framed-answer.ts';

/** Ends an answer as Connect streams do: by a message that says how, in JSON whatever the codec. */
export function endConnectStream(answer: FramedAnswer, end: CallEnd): void {
  const { exchange } = answer.call;
  if (!exchange.hasResponded) exchange.respond(200, answer.headFields([]));
  const metadata = metadataJson(end.trailers);
  const last = { ...(end.code !== Code.OK && { error: connectError(end) }), ...(metadata && { metadata }) };
  answer.send(frame(Buffer.from(JSON.stringify(last)), envelopeFlags.endStream));
  exchange.end();
}

function metadataJson(trailers: Fields): Readonly<Record<string, string[]>> | undefined {
  if (trailers.length === 0) return undefined;
  const metadata = new Map<string, string[]>();
  for (let index = 0; index < trailers.length; index += 2) {
    const name = trailers[index] ?? '';
    metadata.set(name, [...(metadata.get(name) ?? []), trailers[index + 1] ?? '']);
  }
  return Object.fromEntries(metadata);
}
