import type { CallEnd } from '../data-path/call.ts';
import type { FramedAnswer } from './framed-answer.ts';
import { grpcTrailers } from './grpc-end.ts';

/** Ends an answer as gRPC does: by trailers, in the one HEADERS frame where nothing else was sent. */
export function endGrpc(answer: FramedAnswer, end: CallEnd): void {
  const { exchange } = answer.call;
  if (exchange.hasResponded) exchange.end(undefined, grpcTrailers(end));
  else exchange.respond(200, answer.headFields(grpcTrailers(end)), true);
}
