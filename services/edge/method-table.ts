import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import { Access, type MethodPolicy } from '../../gen/trellis/policy/v1/policy_pb.js';
import { methodPath, methodPolicy } from '../mesh/policy/method-policy.ts';
import { isIdempotent } from '../mesh/rpc/service.ts';

/** A method that clients may call. */
export interface PublicMethod {
  readonly desc: DescMethod;
  readonly path: string;
  readonly policy: MethodPolicy;
  /** True where a call that may have been made can be made again without harm. */
  readonly isIdempotent: boolean;
  /** True where a call changes nothing: it may be made by GET. */
  readonly hasNoSideEffects: boolean;
}

/** The methods that clients may call, by descriptor: all of the edge's knowledge of them. */
export class MethodTable {
  readonly methods: readonly PublicMethod[];
  /** The services that have at least one of these methods. */
  readonly services: readonly DescService[];
  readonly #byDesc: ReadonlyMap<DescMethod, PublicMethod>;

  /** Throws where a method has no policy, or one that does not hold together. */
  constructor(
    services: readonly DescService[],
    policyOf: (method: DescMethod) => MethodPolicy = methodPolicy,
  ) {
    this.methods = services
      .flatMap((service) => service.methods)
      .map((desc) => toPublicMethod(desc, policyOf(desc)))
      .filter(({ policy }) => policy.access !== Access.MESH);
    this.services = services.filter((service) => this.methods.some(({ desc }) => desc.parent === service));
    this.#byDesc = new Map(this.methods.map((method) => [method.desc, method]));
  }

  /** The entry of a method of this table. */
  get(desc: DescMethod): PublicMethod {
    const method = this.#byDesc.get(desc);
    if (!method) throw new Error(`${methodPath(desc)} is not a public method`);
    return method;
  }
}

function toPublicMethod(desc: DescMethod, policy: MethodPolicy): PublicMethod {
  return {
    desc,
    path: methodPath(desc),
    policy,
    isIdempotent: isIdempotent(desc),
    hasNoSideEffects: desc.idempotency === Idempotency.NO_SIDE_EFFECTS,
  };
}
