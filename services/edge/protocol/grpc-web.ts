import { envelopeFlags, frame } from '../../mesh/framing/envelope.ts';
import type { CallEnd } from '../data-path/call.ts';
import type { Fields } from '../listener/exchange.ts';
import type { FramedAnswer } from './framed-answer.ts';
import { grpcTrailers } from './grpc-end.ts';

/** Ends an answer as gRPC-Web does: by a frame that holds the trailers. */
export function endGrpcWeb(answer: FramedAnswer, end: CallEnd): void {
  const { exchange } = answer.call;
  if (!exchange.hasResponded) exchange.respond(200, answer.headFields([]));
  answer.send(frame(Buffer.from(trailerLines(grpcTrailers(end)), 'latin1'), envelopeFlags.trailers));
  exchange.end();
}

/** Trailers as lines of HTTP/1.1, names in lower case. */
function trailerLines(trailers: Fields): string {
  let lines = '';
  for (let index = 0; index < trailers.length; index += 2) {
    lines += `${trailers[index]}: ${trailers[index + 1]}\r\n`;
  }
  return lines;
}
