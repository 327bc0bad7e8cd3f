import type { DescMethod } from '@bufbuild/protobuf';
import type { Caller } from '../../mesh/rpc/context.ts';
import type { TraceContext } from '../../mesh/rpc/trace.ts';
import type { CallEnd, RequestStream, ResponseSink } from '../data-path/call.ts';
import type { Fields } from '../listener/exchange.ts';

/** What a service is told of a call beside its requests. */
export interface UpstreamRequest {
  readonly method: DescMethod;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Undefined where nobody is behind the call and the service may answer anybody: the edge speaks for itself. */
  readonly caller: Caller | undefined;
  readonly requestId: string;
  readonly clientAddress: string;
  /** When the client stops waiting, in milliseconds since the epoch, where it said so. */
  readonly deadlineMs: number | undefined;
  readonly trace: TraceContext;
  /** The client's own metadata, clean of what only the edge may say. */
  readonly metadata: Fields;
}

/**
 * How far a call got that no service answered: `not-sent` where no service can have seen it (no connection, stream
 * refused, GOAWAY below it), `lost` where one may have.
 */
export type Loss = 'not-sent' | 'lost';

/** The end of a call at its upstream. */
export interface UpstreamEnd extends CallEnd {
  /** Set where the connection or the stream failed; undefined where the service itself answered. */
  readonly loss: Loss | undefined;
  /** The service's `grpc-retry-pushback-ms`: wait so long before a retry; negative: do not retry. */
  readonly pushbackMs: number | undefined;
}

/** Hears an upstream's answer. */
export interface UpstreamSink extends Omit<ResponseSink, 'onEnd'> {
  onEnd(end: UpstreamEnd): void;
}

/** Ways to services by address, host:port. */
export interface Upstreams {
  get(address: string): Upstream;
}

/** A way to a service: bytes in, bytes out. */
export interface Upstream {
  /** Begins a call. Never throws: what goes wrong is the call's end, told after this returned. */
  open(request: UpstreamRequest, sink: UpstreamSink): RequestStream;
}
