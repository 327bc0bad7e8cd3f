import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { TraceContext } from '../mesh/rpc/trace.ts';

/** A client's call as every protocol presents it to the data path. */
export interface InboundCall {
  readonly requestId: string;
  /** The credential as sent: the bearer token or API key; undefined where none came. */
  readonly credential: string | undefined;
  readonly clientAddress: string;
  /** When the client stops waiting, in milliseconds since the epoch. */
  readonly deadlineMs: number | undefined;
  /** Aborts when the client is gone or the deadline passed. */
  readonly signal: AbortSignal;
  readonly trace: TraceContext;
  /** Headers for the answer; filled before its first message or its error. */
  readonly responseHeaders: Headers;
}

/**
 * Admits a call and passes it on to the service that the method's policy names. Protocols only decode requests and
 * encode what comes back. Errors are RpcErrors; ending the returned stream early cancels the call.
 */
export type Forward = (
  method: DescMethod,
  requests: AsyncIterable<Message>,
  call: InboundCall,
) => AsyncIterable<Message>;
