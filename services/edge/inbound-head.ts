import { headers, isRequestId } from '../mesh/rpc/headers.ts';
import { childTrace } from '../mesh/rpc/trace.ts';
import { credentialOf } from './admission/credential.ts';
import type { InboundHead } from './inbound-call.ts';
import type { Fields } from './listener/exchange.ts';

/** No call lives longer, whatever its client says. */
const callMaxMs = 600_000;
/** How long a call may take whose client does not say. */
const callDefaultMs = 300_000;

export interface InboundParts {
  readonly header: (name: string) => string | undefined;
  readonly clientAddress: string;
  /** How long the client waits, where it said so. */
  readonly timeoutMs: number | undefined;
  readonly metadata: Fields;
}

/** A client's call from what its protocol says of it. Its request id goes into the answer's headers. */
export function toInboundHead({ header, clientAddress, timeoutMs, metadata }: InboundParts): InboundHead {
  const sentRequestId = header(headers.requestId);
  const requestId = isRequestId(sentRequestId) ? sentRequestId : crypto.randomUUID();
  const nowMs = Date.now();
  const boundedMs = timeoutMs === undefined ? undefined : Math.min(Math.max(0, timeoutMs), callMaxMs);
  return {
    requestId,
    credential: credentialOf(header('authorization'), header('x-api-key')),
    clientAddress,
    deadlineMs: boundedMs === undefined ? undefined : nowMs + boundedMs,
    endMs: nowMs + (boundedMs ?? callDefaultMs),
    trace: childTrace(header(headers.traceparent)),
    metadata,
    responseHeaders: new Map([[headers.requestId, requestId]]),
  };
}
