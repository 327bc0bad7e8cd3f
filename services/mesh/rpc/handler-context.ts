import type { DescMethod } from '@bufbuild/protobuf';
import type { Logger } from '../log/logger.ts';
import { methodPath } from '../policy/method-policy.ts';
import type { CallContext, Caller } from './context.ts';
import type { IncomingCall } from './dispatcher.ts';
import type { TraceContext } from './trace.ts';

/** What a handler knows of a call. Signal, trace and logger are made when somebody asks for them: most calls never do. */
export class HandlerContext implements CallContext {
  readonly method: DescMethod;
  readonly requestId: string;
  readonly caller: Caller;
  readonly clientAddress: string;
  readonly deadlineMs: number | undefined;
  readonly #call: IncomingCall;
  readonly #processLog: Logger;
  #log: Logger | undefined;

  constructor(call: IncomingCall, method: DescMethod, processLog: Logger) {
    this.method = method;
    this.requestId = call.requestId;
    this.caller = call.caller;
    this.clientAddress = call.clientAddress;
    this.deadlineMs = call.deadlineMs;
    this.#call = call;
    this.#processLog = processLog;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get trace(): TraceContext {
    return this.#call.trace;
  }

  get log(): Logger {
    this.#log ??= this.#processLog.child({
      method: methodPath(this.method),
      requestId: this.requestId,
      traceId: this.trace.traceId,
      caller: this.caller.service,
    });
    return this.#log;
  }
}
