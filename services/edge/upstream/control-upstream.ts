import type { Resolver } from '../../mesh/discovery/resolver.ts';
import type { Logger } from '../../mesh/log/logger.ts';
import { serviceHost } from '../../mesh/policy/method-policy.ts';
import type { Channel } from '../../mesh/rpc/channel.ts';
import { createChannelUpstream } from './channel-upstream.ts';
import { ServiceUpstream } from './service-upstream.ts';
import type { Upstream, Upstreams } from './upstream.ts';

/** Services of this process: calls to them leave it not. */
export interface LocalChannel extends Channel {
  /** True where a service of this process has the method with this path. */
  has(path: string): boolean;
}

export interface ControlUpstreamOptions {
  readonly local: LocalChannel;
  readonly resolver: Resolver;
  readonly upstreams: Upstreams;
  readonly log: Logger;
}

/** The way to every service of the control plane. */
export interface ControlUpstream extends Upstream {
  close(): void;
}

/** Calls services in process where they are at home here, else where discovery finds them. */
export function createControlUpstream({
  local,
  resolver,
  upstreams,
  log,
}: ControlUpstreamOptions): ControlUpstream {
  const inProcess = createChannelUpstream(local, log);
  const services = new Map<string, ServiceUpstream>();
  const find = (service: string): ServiceUpstream => {
    const known = services.get(service);
    if (known) return known;
    const found = new ServiceUpstream({ service, resolver, upstreams });
    services.set(service, found);
    return found;
  };
  return {
    open: (request, sink) => {
      const upstream = local.has(request.path) ? inProcess : find(serviceHost(request.method.parent));
      return upstream.open(request, sink);
    },
    close: () => {
      for (const service of services.values()) service.close();
    },
  };
}
