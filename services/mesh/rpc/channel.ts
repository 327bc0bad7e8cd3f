import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { CallContext, Caller } from './context.ts';

/** The call that another one is made for: its request id, trace, deadline and cancellation go along. */
export type CallOrigin = Pick<CallContext, 'requestId' | 'clientAddress' | 'deadlineMs' | 'signal' | 'trace'>;

/** What a caller may say of one call. */
export interface CallOptions {
  /** The call that this one is made for. */
  readonly context?: CallOrigin;
  /** Ends the call after this time, or at the context's deadline where that is sooner. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** On whose behalf, such as the context's own caller; default: this process's service, for itself. */
  readonly caller?: Caller;
}

/** A way to a service: over the network or within the process. Errors are RpcErrors. */
export interface Channel {
  /** Ending the returned stream early cancels the call. */
  call(method: DescMethod, requests: AsyncIterable<Message>, options?: CallOptions): AsyncIterable<Message>;
  close(): Promise<void>;
}
