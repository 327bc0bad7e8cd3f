import type { Signer } from '../identity/assertion.ts';
import { callEnd } from './call-end.ts';
import type { CallOptions } from './channel.ts';
import type { IncomingCall } from './dispatcher.ts';
import { childTrace, toTraceparent } from './trace.ts';

/** A call about to leave: what its options say, completed by the call that it is made for. */
export interface OutgoingCall extends IncomingCall {
  /** Frees what the call holds; to be called when it is over. */
  readonly end: () => void;
}

/** The assertion of a process's own service, made anew before it runs out. */
export function createSelfAssertion(sign: Signer, refreshMs: number) {
  let current: ReturnType<Signer> | undefined;
  let staleAtMs = 0;
  return () => {
    if (!current || Date.now() >= staleAtMs) {
      staleAtMs = Date.now() + refreshMs;
      current = sign();
      current.catch(() => {
        current = undefined;
      });
    }
    return current;
  };
}

/** Longer timers would fire at once. */
const timerMaxMs = 2 ** 31 - 1;

/**
 * Completes the options of a call. Its signal aborts with the context's, its own, and at the deadline. Throws what
 * ended the call where it is over before it began.
 */
export async function startCall(options: CallOptions, self: () => ReturnType<Signer>): Promise<OutgoingCall> {
  const { context, timeoutMs } = options;
  const caller = options.caller ?? (await self());
  const ownDeadlineMs = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  const soonestMs = Math.min(ownDeadlineMs, context?.deadlineMs ?? Number.POSITIVE_INFINITY);
  const deadlineMs = Number.isFinite(soonestMs) ? soonestMs : undefined;
  const over = new AbortController();
  const abort = () => over.abort();
  const sources = [context?.signal, options.signal].filter((signal) => signal !== undefined);
  for (const source of sources) {
    if (source.aborted) abort();
    else source.addEventListener('abort', abort, { once: true });
  }
  const leftMs = Math.max(0, soonestMs - Date.now());
  const timer = leftMs > timerMaxMs ? undefined : setTimeout(abort, leftMs);
  const call: OutgoingCall = {
    caller,
    requestId: context?.requestId ?? crypto.randomUUID(),
    clientAddress: context?.clientAddress ?? '',
    deadlineMs,
    signal: over.signal,
    trace: childTrace(context && toTraceparent(context.trace)),
    end: () => {
      clearTimeout(timer);
      for (const source of sources) source.removeEventListener('abort', abort);
    },
  };
  const ended = callEnd(call);
  if (!ended) return call;
  call.end();
  throw ended;
}
