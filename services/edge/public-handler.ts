import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import type { Logger } from '../mesh/log/logger.ts';
import type { Forward } from './inbound-call.ts';
import { healthRoutes } from './infrastructure/health.ts';
import { documentPage, healthPages } from './infrastructure/pages.ts';
import type { Readiness } from './infrastructure/readiness.ts';
import { reflectionRoutes } from './infrastructure/reflection.ts';
import type { HttpHandler } from './listener/one-port.ts';
import type { MethodTable } from './method-table.ts';
import { createConnectHandler } from './protocol/connect-handler.ts';
import { connectRoutes } from './protocol/connect-routes.ts';
import { serveRest } from './protocol/rest-call.ts';
import { refuseUnknownGrpc } from './protocol/unknown-grpc.ts';
import { createRestHandler } from './rest/handler.ts';

export interface PublicHandlerOptions {
  readonly table: MethodTable;
  readonly forward: Forward;
  readonly readiness: Readiness;
  /** The document at /openapi.json. */
  readonly openApi: object;
  readonly messageBytesMax: number;
  readonly log: Logger;
}

/** Answers everything that comes to the public port: each protocol, and the few pages beside them. */
export function createPublicHandler(options: PublicHandlerOptions): HttpHandler {
  const { table, forward, readiness, openApi, messageBytesMax, log } = options;
  const { services } = table;
  const rest = createRestHandler({ services, forward, bodyBytesMax: messageBytesMax });
  const health = healthPages(readiness);
  const openApiPage = documentPage('/openapi.json', openApi);
  const names = services.map(({ typeName }) => typeName);
  const routes = [
    connectRoutes(table, forward),
    healthRoutes({ services: names, isReady: () => readiness.isReady }),
    reflectionRoutes([...services, Health]),
  ];
  const connect = createConnectHandler({ routes, messageBytesMax, log });
  return (request, response) => {
    if (connect(request, response) || health(request, response) || openApiPage(request, response)) return;
    if (refuseUnknownGrpc(request, response)) return;
    serveRest(rest, request, response).catch((err: unknown) => {
      log.error({ err }, 'an answer failed');
      response.destroy();
    });
  };
}
