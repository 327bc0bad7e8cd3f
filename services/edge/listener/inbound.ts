import { headers, isRequestId } from '../../mesh/rpc/headers.ts';
import { childTrace } from '../../mesh/rpc/trace.ts';
import { credentialOf } from '../admission/credential.ts';
import type { InboundCall } from '../inbound-call.ts';

/** No call lives longer, whatever its client says. */
const deadlineMaxMs = 600_000;
/** How long a call may take whose client does not say. */
const deadlineDefaultMs = 300_000;

export interface InboundParts {
  readonly header: (name: string) => string | undefined;
  readonly clientAddress: string;
  /** How long the client waits, where it said so. */
  readonly timeoutMs: number | undefined;
  /** Aborts when the client is gone, and in any case when the call is over. */
  readonly signal: AbortSignal;
  readonly responseHeaders: Headers;
}

/** A client's call from what its protocol says of it. Its request id goes into the answer's headers. */
export function toInboundCall({ header, ...parts }: InboundParts): InboundCall {
  const sentRequestId = header(headers.requestId);
  const requestId = isRequestId(sentRequestId) ? sentRequestId : crypto.randomUUID();
  parts.responseHeaders.set(headers.requestId, requestId);
  const timeoutMs = Math.min(Math.max(0, parts.timeoutMs ?? deadlineDefaultMs), deadlineMaxMs);
  return {
    requestId,
    credential: credentialOf(header('authorization'), header('x-api-key')),
    clientAddress: parts.clientAddress,
    deadlineMs: Date.now() + timeoutMs,
    signal: withDeadline(parts.signal, timeoutMs),
    trace: childTrace(header(headers.traceparent)),
    responseHeaders: parts.responseHeaders,
  };
}

/** A signal that aborts with another one, or when the time is up. */
function withDeadline(signal: AbortSignal, timeoutMs: number): AbortSignal {
  const over = new AbortController();
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    over.abort();
  };
  const timer = setTimeout(end, timeoutMs);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  return over.signal;
}
