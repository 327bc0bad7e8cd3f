import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Resolver } from '../discovery/resolver.ts';
import { methodPath, serviceHost } from '../policy/method-policy.ts';
import type { Channel } from './channel.ts';
import type { ChannelPool } from './channel-pool.ts';
import { rpcError } from './error.ts';

export interface MeshChannelOptions {
  /** The services of this process, where it has some; calls to them leave no process. */
  readonly local?: { readonly channel: Channel; has(path: string): boolean };
  readonly resolver: Resolver;
  readonly pool: ChannelPool;
}

/** A channel to every service of the mesh: in process where it is at home here, else where discovery finds it. */
export function createMeshChannel({ local, resolver, pool }: MeshChannelOptions): Channel {
  const turns = new Map<string, number>();
  return {
    async *call(method, requests, options) {
      if (local?.has(methodPath(method))) {
        yield* local.channel.call(method, requests, options);
        return;
      }
      const host = serviceHost(method.parent);
      const endpoints = await resolver.resolve(host);
      const turn = turns.get(host) ?? 0;
      turns.set(host, turn + 1);
      const endpoint = endpoints[turn % endpoints.length];
      if (!endpoint) {
        const message = `no ${host} service is known just now`;
        throw rpcError(ErrorReason.UNAVAILABLE, message, { retryAfterMs: 1_000 });
      }
      yield* pool.get(endpoint.address).call(method, requests, options);
    },
    close: async () => {},
  };
}
