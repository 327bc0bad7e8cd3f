import { createContextValues } from '@connectrpc/connect';
import { type ConnectNodeAdapterOptions, connectNodeAdapter } from '@connectrpc/connect-node';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import type { Signer } from '../mesh/identity/assertion.ts';
import { createLeaseClient } from '../mesh/limit/lease-client.ts';
import { createLocalLimiter } from '../mesh/limit/local-limiter.ts';
import type { Logger } from '../mesh/log/logger.ts';
import type { Channel } from '../mesh/rpc/channel.ts';
import type { ChannelPool } from '../mesh/rpc/channel-pool.ts';
import { createIdentifier } from './admission/identify.ts';
import { createRateLimit } from './admission/rate-limit.ts';
import type { EdgeConfig } from './config.ts';
import { contractServices } from './contract.ts';
import { createForward } from './forward.ts';
import { healthRoutes } from './infrastructure/health.ts';
import { documentPage, healthPages } from './infrastructure/pages.ts';
import { Readiness, type ReadinessCheck } from './infrastructure/readiness.ts';
import { reflectionRoutes } from './infrastructure/reflection.ts';
import { type HttpHandler, listenOnePort } from './listener/one-port.ts';
import { MethodTable } from './method-table.ts';
import { createOpenApiDocument } from './openapi/document.ts';
import { clientAddressKey, connectRoutes } from './protocol/connect-routes.ts';
import { serveRest } from './protocol/rest-call.ts';
import { refuseUnknownGrpc } from './protocol/unknown-grpc.ts';
import { createRestHandler } from './rest/handler.ts';
import { GraphCalls } from './routing/graph-calls.ts';
import { PlacementTable } from './routing/placement-table.ts';

const sweepMs = 1_000;

export interface EdgeOptions {
  readonly config: EdgeConfig;
  /** The way to the control plane. */
  readonly channel: Channel;
  /** The ways to engine processes. */
  readonly pool: ChannelPool;
  readonly sign: Signer;
  readonly log: Logger;
  /** What else must hold before the edge is ready. */
  readonly checks?: readonly ReadinessCheck[];
}

/** A running edge. */
export interface Edge {
  readonly port: number;
  readonly adminPort: number;
  readonly readiness: Readiness;
  /** Ends it: not ready, no new calls, those under way finish within the drain time. */
  close(): Promise<void>;
}

/** Opens the public port and the admin port. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { config, channel, pool, sign, log } = options;
  const table = new MethodTable(contractServices);
  const identifier = createIdentifier({ channel, sign, clock: Date.now, log });
  const placements = new PlacementTable(channel, log);
  const limiter = createLocalLimiter({
    ...createLeaseClient(channel),
    clock: () => performance.now(),
    onServiceChange: (lost) => {
      if (lost) log.warn({ err: lost.cause }, 'the rate-limit service is gone; the last known limits hold');
      else log.info('the rate-limit service is back');
    },
  });
  const sweep = setInterval(() => limiter.sweep(), sweepMs);
  const readiness = new Readiness([
    { name: 'revocations', isReady: () => identifier.isCurrent() },
    { name: 'placements', isReady: () => placements.isComplete },
    ...(options.checks ?? []),
  ]);
  const graphs = new GraphCalls(placements, pool);
  const limit = createRateLimit(limiter);
  const forward = createForward({ table, identifier, limit, placements, graphs, channel });
  const handler = createHandler({ table, forward, readiness, config, log });
  const listener = await listenOnePort(config.port, config.host, handler);
  const admin = await listenOnePort(config.adminPort, '127.0.0.1', createAdminHandler(readiness));
  return {
    port: listener.port,
    adminPort: admin.port,
    readiness,
    close: async () => {
      readiness.drain();
      await listener.close(config.drainMs);
      clearInterval(sweep);
      await Promise.all([limiter.close(), identifier.close(), placements.close(), admin.close(0)]);
    },
  };
}

interface HandlerOptions {
  readonly table: MethodTable;
  readonly forward: ReturnType<typeof createForward>;
  readonly readiness: Readiness;
  readonly config: EdgeConfig;
  readonly log: Logger;
}

function createHandler({ table, forward, readiness, config, log }: HandlerOptions): HttpHandler {
  const { services } = table;
  const rest = createRestHandler({ services, forward, bodyBytesMax: config.messageBytesMax });
  const health = healthPages(readiness);
  const openApi = documentPage(
    '/openapi.json',
    createOpenApiDocument({ services, title: 'Trellis', version: '0.1.0' }),
  );
  const names = services.map(({ typeName }) => typeName);
  const routes = [
    connectRoutes(table, forward),
    healthRoutes({ services: names, isReady: () => readiness.isReady }),
    reflectionRoutes([...services, Health]),
  ];
  const fallback: HttpHandler = (request, response) => {
    if (health(request, response) || openApi(request, response)) return;
    if (refuseUnknownGrpc(request, response)) return;
    serveRest(rest, request, response).catch((err: unknown) => {
      log.error({ err }, 'an answer failed');
      response.destroy();
    });
  };
  const adapter = connectNodeAdapter({
    routes: (router) => {
      for (const route of routes) route(router);
    },
    readMaxBytes: config.messageBytesMax,
    jsonOptions: { ignoreUnknownFields: false },
    contextValues: (request) =>
      createContextValues().set(clientAddressKey, request.socket.remoteAddress ?? ''),
    fallback: fallback as NonNullable<ConnectNodeAdapterOptions['fallback']>,
  });
  return adapter as HttpHandler;
}

function createAdminHandler(readiness: Readiness): HttpHandler {
  const health = healthPages(readiness);
  return (request, response) => {
    if (health(request, response)) return;
    response.statusCode = 404;
    response.end();
  };
}
