import type { Signer } from '../identity/assertion.ts';
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

/** Completes the options of a call. Its signal aborts with the context's, its own, and at the deadline. */
export async function startCall(options: CallOptions, self: () => ReturnType<Signer>): Promise<OutgoingCall> {
  const { context, timeoutMs } = options;
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
  const timer =
    deadlineMs === undefined ? undefined : setTimeout(abort, Math.max(0, deadlineMs - Date.now()));
  return {
    caller: options.caller ?? (await self()),
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
}
