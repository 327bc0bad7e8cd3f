import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type RpcError, rpcError } from './error.ts';

/** Timers may fire this much early. */
const timerSlackMs = 5;

/** What a call's end from outside shows in. */
export interface EndingCall {
  /** Aborts when the caller gave up or the deadline passed. */
  readonly signal: AbortSignal;
  readonly deadlineMs: number | undefined;
}

/** What ended a call from outside, where something did: then that is its error, whatever else went wrong. */
export function callEnd(call: EndingCall): RpcError | undefined {
  if (!call.signal.aborted) return undefined;
  return call.deadlineMs !== undefined && Date.now() >= call.deadlineMs - timerSlackMs
    ? rpcError(ErrorReason.DEADLINE_EXCEEDED, "the call's deadline passed")
    : rpcError(ErrorReason.CANCELLED, 'the caller gave up');
}

/**
 * The messages of a call until something ends it from outside; then it fails with that, at once, whatever their source
 * waits for. Ending the returned stream early ends the source, without waiting for it.
 */
export async function* untilCallEnd<T>(messages: AsyncIterable<T>, call: EndingCall): AsyncIterable<T> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await unlessEnded(iterator.next(), call);
      if (done) return;
      yield value;
    }
  } finally {
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

function unlessEnded<T>(work: Promise<T>, call: EndingCall): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(callEnd(call));
    if (call.signal.aborted) end();
    else call.signal.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => call.signal.removeEventListener('abort', end));
  });
}
