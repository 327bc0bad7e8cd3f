import { create } from '@bufbuild/protobuf';
import { GraphService } from '../../gen/trellis/graph/v1/graph_pb.js';
import { Access, MethodPolicySchema, Route } from '../../gen/trellis/policy/v1/policy_pb.js';
import { createForward } from '../../services/edge/forward.ts';
import { Readiness } from '../../services/edge/infrastructure/readiness.ts';
import { closeAfterTest, listen } from '../../services/edge/listener/testing.ts';
import { MethodTable } from '../../services/edge/method-table.ts';
import { createPublicHandler } from '../../services/edge/public-handler.ts';
import type { GraphRouter } from '../../services/edge/routing/graph-router.ts';
import { Http2Upstreams } from '../../services/edge/upstream/http2-upstream.ts';
import { ServiceUpstream } from '../../services/edge/upstream/service-upstream.ts';
import type { Resolver } from '../../services/mesh/discovery/resolver.ts';
import { silentLog } from '../../services/mesh/rpc/testing.ts';

const everybody = create(MethodPolicySchema, { access: Access.PUBLIC, route: Route.CONTROL });

/**
 * The edge as clients see it, REST and pages included, without admission: in front of one service with these endpoints.
 * Ends with the test.
 */
export async function startWholeEdge(
  addresses: readonly string[],
): Promise<{ readonly port: number; readonly url: string }> {
  const upstreams = new Http2Upstreams({
    log: silentLog,
    self: async () => ({ service: 'edge', assertion: 'none' }),
  });
  closeAfterTest(() => upstreams.close());
  const endpoints = addresses.map((address) => ({ address, attributes: {} }));
  const resolver: Resolver = {
    resolve: async () => endpoints,
    watch: (_service, listener) => {
      listener(endpoints);
      return () => {};
    },
    close: async () => {},
  };
  const control = new ServiceUpstream({ service: 'graph', resolver, upstreams, random: () => 0 });
  const forward = createForward({
    admit: async () => undefined,
    graphs: {} as GraphRouter,
    control,
    log: silentLog,
  });
  const handler = createPublicHandler({
    table: new MethodTable([GraphService], () => everybody),
    forward,
    readiness: new Readiness([]),
    docs: () => false,
    messageBytesMax: 4 * 2 ** 20,
    corsOrigins: ['*'],
    log: silentLog,
  });
  const { port } = await listen(handler);
  return { port, url: `http://127.0.0.1:${port}` };
}
