import { type DescMethod, type DescService, getOption, hasOption } from '@bufbuild/protobuf';
import {
  Access,
  LimitCategory,
  type MethodPolicy,
  method as methodOption,
  Route,
  service as serviceOption,
} from '../../../gen/trellis/policy/v1/policy_pb.js';

/** The path of a method on the wire: `/trellis.graph.v1.GraphService/Query`. */
export function methodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** The policy that the contract gives a method. Throws where it is missing or does not hold together. */
export function methodPolicy(method: DescMethod): MethodPolicy {
  if (!hasOption(method, methodOption)) throw new Error(`${methodPath(method)} has no policy`);
  const policy = getOption(method, methodOption);
  if (policy.access === Access.UNSPECIFIED)
    throw new Error(`${methodPath(method)} does not say who may call it`);
  if (policy.access === Access.MESH) return policy;
  if (policy.route === Route.UNSPECIFIED) throw new Error(`${methodPath(method)} does not say where it goes`);
  if (policy.limit === LimitCategory.UNSPECIFIED)
    throw new Error(`${methodPath(method)} has no limit category`);
  return policy;
}

/** The name by which discovery knows the host of a service, such as `iam`. */
export function serviceHost(service: DescService): string {
  const { host } = getOption(service, serviceOption);
  if (!host) throw new Error(`${service.typeName} does not say who hosts it`);
  return host;
}
