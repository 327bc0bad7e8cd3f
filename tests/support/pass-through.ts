import { create, createRegistry, type DescService } from '@bufbuild/protobuf';
import { Access, MethodPolicySchema, Route } from '../../gen/trellis/policy/v1/policy_pb.js';
import { createForward } from '../../services/edge/forward.ts';
import { listenOnePort } from '../../services/edge/listener/one-port.ts';
import type { TlsFiles } from '../../services/edge/listener/tls-termination.ts';
import { MethodTable } from '../../services/edge/method-table.ts';
import { createCors } from '../../services/edge/protocol/cors.ts';
import { toRpcMethods } from '../../services/edge/protocol/rpc-context.ts';
import { createRpcHandler } from '../../services/edge/protocol/rpc-handler.ts';
import type { GraphRouter } from '../../services/edge/routing/graph-router.ts';
import { Http2Upstreams } from '../../services/edge/upstream/http2-upstream.ts';
import { createLogger } from '../../services/mesh/log/logger.ts';

export interface PassThroughOptions {
  /** The services whose methods are served, all public and without limits. */
  readonly services: readonly DescService[];
  /** host:port of the gRPC server behind it: HTTP/2 without TLS. */
  readonly endpoint: string;
  /** Default: 4 MiB. */
  readonly messageBytesMax?: number;
  readonly tls?: TlsFiles;
}

const everybody = create(MethodPolicySchema, { access: Access.PUBLIC, route: Route.CONTROL });

/** Runs the edge's listener, protocols and data path in front of one gRPC server, without its admission. */
export async function startPassThrough({ services, endpoint, messageBytesMax, tls }: PassThroughOptions) {
  const log = createLogger('pass-through', 'warn');
  const upstreams = new Http2Upstreams({ log, self: async () => ({ service: 'edge', assertion: 'none' }) });
  const forward = createForward({
    admit: async () => undefined,
    graphs: {} as GraphRouter,
    control: upstreams.get(endpoint),
    log,
  });
  const table = new MethodTable(services, () => everybody);
  const registry = createRegistry(...services.map(({ file }) => file));
  const rpc = createRpcHandler(toRpcMethods(table, forward, registry), {
    cors: createCors(['*']),
    messageBytesMax: messageBytesMax ?? 4 * 2 ** 20,
    log,
  });
  const port = await listenOnePort({
    port: 0,
    host: '127.0.0.1',
    handler: {
      rpc,
      http: (_request, response) => {
        response.statusCode = 404;
        response.end();
      },
    },
    onError: (err) => log.error({ err }, 'a request failed in the listener'),
    ...(tls && { tls }),
  });
  return {
    port: port.port,
    close: async () => {
      await port.close(100);
      await upstreams.close();
    },
  };
}
