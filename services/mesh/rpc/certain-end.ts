import { pause } from '../process/pause.ts';
import { callEnd, type EndingCall, untilCallEnd } from './call-end.ts';

/** How long after the end of the requests it may turn out that their client gave up. */
const retractionMs = 50;

/**
 * The requests of a stream, which end only where their client meant it. A client on Node's HTTP/2 that gives up ends
 * its requests first, as if they were complete, and resets the stream a moment later: half an upload would be taken
 * for a whole one.
 */
export async function* untilCertainEnd<T>(requests: AsyncIterable<T>, call: EndingCall): AsyncIterable<T> {
  yield* untilCallEnd(requests, call);
  await pause(retractionMs, call.signal);
  const ended = callEnd(call);
  if (ended) throw ended;
}
