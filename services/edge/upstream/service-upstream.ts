import type { Resolver } from '../../mesh/discovery/resolver.ts';
import type { RequestStream } from '../data-path/call.ts';
import { Balancer } from './balancer.ts';
import { RetryThrottle } from './retry-throttle.ts';
import { ServiceCall, type ServiceCallOptions } from './service-call.ts';
import type { Upstream, UpstreamRequest, UpstreamSink, Upstreams } from './upstream.ts';

export interface ServiceUpstreamOptions {
  /** The name by which discovery knows the service, such as `iam`. */
  readonly service: string;
  readonly resolver: Resolver;
  readonly upstreams: Upstreams;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/**
 * A way to a service with several endpoints: the less loaded one of two at random, without those that fail. Calls that
 * no service has seen are made again elsewhere; others where their method allows it.
 */
export class ServiceUpstream implements Upstream {
  readonly #options: ServiceCallOptions;
  readonly #stopWatching: () => void;

  constructor({ service, resolver, upstreams, now, random }: ServiceUpstreamOptions) {
    const draw = random ?? Math.random;
    const balancer = new Balancer({ now: now ?? (() => performance.now()), random: draw });
    this.#options = { service, balancer, upstreams, random: draw, throttle: new RetryThrottle() };
    this.#stopWatching = resolver.watch(service, (endpoints) =>
      balancer.update(endpoints.map(({ address }) => address)),
    );
  }

  open(request: UpstreamRequest, sink: UpstreamSink): RequestStream {
    const call = new ServiceCall(this.#options, request, sink);
    call.start();
    return call;
  }

  /** Hears of no more endpoints. The ways to them are not closed: others may use them. */
  close(): void {
    this.#stopWatching();
  }
}
