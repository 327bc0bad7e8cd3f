import { readFile } from 'node:fs/promises';
import type { Resolver } from '../mesh/discovery/resolver.ts';
import type { Signer } from '../mesh/identity/assertion.ts';
import { createLeaseClient } from '../mesh/limit/lease-client.ts';
import { createLocalLimiter } from '../mesh/limit/local-limiter.ts';
import type { Logger } from '../mesh/log/logger.ts';
import type { Channel } from '../mesh/rpc/channel.ts';
import { createAdmit } from './admission/admit.ts';
import { createIdentifier } from './admission/identify.ts';
import { createRateLimit } from './admission/rate-limit.ts';
import type { EdgeConfig } from './config.ts';
import { contractServices } from './contract.ts';
import { createForward } from './forward.ts';
import { createDocsPages } from './infrastructure/docs-page.ts';
import { healthPages } from './infrastructure/pages.ts';
import { Readiness, type ReadinessCheck } from './infrastructure/readiness.ts';
import type { HttpHandler } from './listener/listener-context.ts';
import { listenOnePort } from './listener/one-port.ts';
import { MethodTable } from './method-table.ts';
import { commentsFromDescriptorSet } from './openapi/comments.ts';
import { createOpenApiDocument } from './openapi/document.ts';
import { createPublicHandler } from './public-handler.ts';
import { GraphRouter } from './routing/graph-router.ts';
import { PlacementTable } from './routing/placement-table.ts';
import { createControlUpstream, type LocalChannel } from './upstream/control-upstream.ts';
import { Http2Upstreams } from './upstream/http2-upstream.ts';

const sweepMs = 1_000;
const contractFile = new URL('../../gen/trellis.binpb', import.meta.url);

export interface EdgeOptions {
  readonly config: EdgeConfig;
  /** The way to the control plane for the edge's own calls. */
  readonly channel: Channel;
  /** The services of this process. */
  readonly local: LocalChannel;
  /** Where the other services are. */
  readonly resolver: Resolver;
  /** Who the edge is, for calls that nobody else is behind. */
  readonly self: () => ReturnType<Signer>;
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
  const { config, channel, local, resolver, self, sign, log } = options;
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
  const upstreams = new Http2Upstreams({ self, log, bulkShare: config.bulkPercent / 100 });
  const control = createControlUpstream({ local, resolver, upstreams, log });
  const forward = createForward({
    admit: createAdmit(identifier, createRateLimit(limiter)),
    graphs: new GraphRouter(placements, upstreams),
    control,
    log,
  });
  const { messageBytesMax, corsOrigins } = config;
  const docs = await createDocsPages({ openApi: await readOpenApi(table), title: 'Trellis API' });
  const handler = createPublicHandler({
    table,
    forward,
    readiness,
    docs,
    messageBytesMax,
    corsOrigins,
    log,
  });
  const onError = (err: unknown) => log.error({ err }, 'a request failed in the listener');
  const stopWork = async () => {
    clearInterval(sweep);
    control.close();
    await Promise.all([upstreams.close(), limiter.close(), identifier.close(), placements.close()]);
  };
  const listen = async () => {
    const adminHandler = { rpc: () => false, http: createAdminHandler(readiness) };
    const admin = await listenOnePort({
      port: config.adminPort,
      host: '127.0.0.1',
      handler: adminHandler,
      onError,
    });
    try {
      const { port, host, tls } = config;
      return { admin, listener: await listenOnePort({ port, host, handler, onError, tls }) };
    } catch (error) {
      await admin.close(0);
      throw error;
    }
  };
  const { admin, listener } = await listen().catch(async (error: unknown) => {
    await stopWork();
    throw error;
  });
  return {
    port: listener.port,
    adminPort: admin.port,
    readiness,
    close: async () => {
      readiness.drain();
      await listener.close(config.drainMs);
      await Promise.all([stopWork(), admin.close(0)]);
    },
  };
}

/** The API description, with the contract's own comments. */
async function readOpenApi({ services }: MethodTable): Promise<object> {
  const comments = commentsFromDescriptorSet(await readFile(contractFile));
  return createOpenApiDocument({ services, title: 'Trellis', version: '0.1.0', comments });
}

function createAdminHandler(readiness: Readiness): HttpHandler {
  const health = healthPages(readiness);
  return (request, response) => {
    if (health(request, response)) return;
    response.statusCode = 404;
    response.end();
  };
}
