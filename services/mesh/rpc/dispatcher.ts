import type { DescMethod, Message } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { Access, type MethodPolicy } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { Logger } from '../log/logger.ts';
import { methodPath, methodPolicy } from '../policy/method-policy.ts';
import { callEnd, untilCallEnd } from './call-end.ts';
import { untilCertainEnd } from './certain-end.ts';
import type { CallContext, Caller } from './context.ts';
import type { Answer } from './encoded-message.ts';
import { type RpcError, rpcError, toRpcError } from './error.ts';
import { type BoundMethod, type BoundService, takesStream } from './service.ts';
import type { TraceContext } from './trace.ts';
import { validateRequest } from './validation.ts';

/** A call as it arrives at a service, over the network or within the process; the caller is verified. */
export interface IncomingCall {
  readonly caller: Caller;
  readonly requestId: string;
  readonly clientAddress: string;
  readonly deadlineMs: number | undefined;
  readonly signal: AbortSignal;
  readonly trace: TraceContext;
}

/** Runs calls through everything that holds for each of them: policy, validation, errors, logs. */
export interface Dispatcher {
  readonly services: readonly BoundService[];
  /** True where it has the method with this path. */
  has(path: string): boolean;
  /** Runs a call. Whatever goes wrong is thrown as RpcError. */
  dispatch(path: string, requests: AsyncIterable<Message>, call: IncomingCall): AsyncIterable<Answer>;
}

/**
 * A dispatcher over bound services. Throws where two of them have a method in common. The contract says each method's
 * policy, unless `policyOf` does for services of others' contracts.
 */
export function createDispatcher(
  services: readonly BoundService[],
  log: Logger,
  policyOf: (method: DescMethod) => MethodPolicy = methodPolicy,
): Dispatcher {
  const routes = new Map<string, Route>();
  for (const method of services.flatMap((service) => service.methods)) {
    const path = methodPath(method.desc);
    if (routes.has(path)) throw new Error(`${path} is served twice`);
    routes.set(path, { method, policy: policyOf(method.desc) });
  }
  return {
    services,
    has: (path) => routes.has(path),
    dispatch: (path, requests, call) => {
      const route = routes.get(path);
      if (!route) throw rpcError(ErrorReason.METHOD_NOT_FOUND, `no method ${path}`);
      return runCall(route, requests, toContext(call, route.method.desc, log), log);
    },
  };
}

/** The context of a call. Its logger is made when somebody writes: most calls never do. */
function toContext(call: IncomingCall, method: DescMethod, log: Logger): CallContext {
  const { requestId, trace, caller } = call;
  let ownLog: Logger | undefined;
  return {
    ...call,
    method,
    get log() {
      ownLog ??= log.child({
        method: methodPath(method),
        requestId,
        traceId: trace.traceId,
        caller: caller.service,
      });
      return ownLog;
    },
  };
}

interface Route {
  readonly method: BoundMethod;
  readonly policy: MethodPolicy;
}

async function* runCall(
  { method, policy }: Route,
  requests: AsyncIterable<Message>,
  context: CallContext,
  log: Logger,
): AsyncIterable<Answer> {
  const startMs = performance.now();
  let failure: RpcError | undefined;
  try {
    checkAccess(policy, context);
    // A handler that waits for a request hears of the call's end, too.
    const heard = (takesStream(method.desc) ? untilCertainEnd : untilCallEnd)(requests, context);
    yield* method.run(validated(method, heard), context);
  } catch (thrown) {
    failure = toRpcError(callEnd(context) ?? thrown);
    throw failure;
  } finally {
    if (failure || log.isLevelEnabled('debug')) logCall(context, performance.now() - startMs, failure);
  }
}

function checkAccess(policy: MethodPolicy, context: CallContext): void {
  if (policy.access !== Access.AUTHENTICATED || context.caller.principal) return;
  throw rpcError(ErrorReason.CREDENTIAL_MISSING, 'this method needs a credential');
}

async function* validated(method: BoundMethod, requests: AsyncIterable<Message>): AsyncIterable<Message> {
  for await (const request of requests) {
    validateRequest(method.desc.input, request);
    yield request;
  }
}

function logCall({ log }: CallContext, elapsedMs: number, failure: RpcError | undefined): void {
  if (!failure) log.debug({ elapsedMs }, 'call');
  else if (failure.reason === ErrorReason.INTERNAL)
    log.error({ elapsedMs, err: failure.cause }, failure.message);
  else log.debug({ elapsedMs, reason: ErrorReason[failure.reason], cause: failure.cause }, failure.message);
}
