import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { CallContext, Caller } from './context.ts';

/** What a caller may say of one call. */
export interface CallOptions {
  /** The call that this one is made for: its request id, trace, deadline, principal and cancellation go along. */
  readonly context?: CallContext;
  /** Ends the call after this time, or at the context's deadline where that is sooner. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Who calls, where it is not the caller of the context; default: this process's own service. */
  readonly caller?: Caller;
}

/** A way to a service: over the network or within the process. Errors are RpcErrors. */
export interface Channel {
  /** Ending the returned stream early cancels the call. */
  call(method: DescMethod, requests: AsyncIterable<Message>, options?: CallOptions): AsyncIterable<Message>;
  close(): Promise<void>;
}
