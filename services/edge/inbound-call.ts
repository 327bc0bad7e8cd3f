import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { TraceContext } from '../mesh/rpc/trace.ts';
import type { RequestStream, ResponseSink } from './data-path/call.ts';
import type { Fields } from './listener/exchange.ts';
import type { PublicMethod } from './method-table.ts';

/** What a client's call says before its first message, as every protocol presents it to the data path. */
export interface InboundHead {
  readonly requestId: string;
  /** The credential as sent: the bearer token or API key; undefined where none came. */
  readonly credential: string | undefined;
  readonly clientAddress: string;
  /** When the client stops waiting, in milliseconds since the epoch, where it said so. */
  readonly deadlineMs: number | undefined;
  /** When the data path ends the call: at its deadline, or after the longest time that any call may take. */
  readonly endMs: number;
  readonly trace: TraceContext;
  /** The client's own metadata, clean of what only the edge may say. */
  readonly metadata: Fields;
  /** Headers for the answer; filled before anything of it is told. */
  readonly responseHeaders: Map<string, string>;
}

/**
 * Admits a call and passes it on to the service that the method's policy names. Protocols only change the framing.
 * Whatever goes wrong is the call's end.
 */
export type ForwardBytes = (method: PublicMethod, head: InboundHead, sink: ResponseSink) => RequestStream;

/** A call that goes through the data path as messages. */
export interface InboundCall extends InboundHead {
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

/**
 * The data path for protocols that need messages, such as REST. Errors are RpcErrors; ending the returned stream early
 * cancels the call.
 */
export type Forward = (
  method: DescMethod,
  requests: AsyncIterable<Message>,
  call: InboundCall,
) => AsyncIterable<Message>;
