import type { DescMethod } from '@bufbuild/protobuf';
import type { MethodPolicy } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { Logger } from '../log/logger.ts';
import { methodPath, methodPolicy } from '../policy/method-policy.ts';
import type { Caller } from './context.ts';
import { ServedMethod } from './served-method.ts';
import type { BoundService } from './service.ts';
import type { TraceContext } from './trace.ts';

/** A call as it arrives at a service, over the network or within the process; the caller is verified. */
export interface IncomingCall {
  readonly caller: Caller;
  readonly requestId: string;
  readonly clientAddress: string;
  readonly deadlineMs: number | undefined;
  readonly signal: AbortSignal;
  readonly trace: TraceContext;
}

/** The methods of services, by the paths of calls. */
export interface Dispatcher {
  readonly services: readonly BoundService[];
  /** The method with this path; undefined where there is none. */
  find(path: string): ServedMethod | undefined;
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
  const methods = new Map<string, ServedMethod>();
  for (const method of services.flatMap((service) => service.methods)) {
    const path = methodPath(method.desc);
    if (methods.has(path)) throw new Error(`${path} is served twice`);
    methods.set(path, new ServedMethod(method, policyOf(method.desc), log));
  }
  return { services, find: (path) => methods.get(path) };
}
