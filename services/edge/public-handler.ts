import { createRegistry } from '@bufbuild/protobuf';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import type { Logger } from '../mesh/log/logger.ts';
import { createMessageForward } from './data-path/message-forward.ts';
import type { ForwardBytes } from './inbound-call.ts';
import { healthService } from './infrastructure/health.ts';
import { createLocalServices } from './infrastructure/local-services.ts';
import { healthPages, type Pages } from './infrastructure/pages.ts';
import type { Readiness } from './infrastructure/readiness.ts';
import { reflectionServices } from './infrastructure/reflection.ts';
import type { HttpRequest, HttpResponse } from './listener/http-messages.ts';
import type { RequestHandler } from './listener/listener-context.ts';
import type { MethodTable } from './method-table.ts';
import { createCors } from './protocol/cors.ts';
import { serveRest } from './protocol/rest-call.ts';
import { toRpcMethods } from './protocol/rpc-context.ts';
import { createRpcHandler } from './protocol/rpc-handler.ts';
import { decodeAnswer } from './rest/decode-answer.ts';
import { createRestHandler } from './rest/handler.ts';

export interface PublicHandlerOptions {
  readonly table: MethodTable;
  readonly forward: ForwardBytes;
  readonly readiness: Readiness;
  /** The pages about the API. */
  readonly docs: Pages;
  readonly messageBytesMax: number;
  /** The origins whose pages may read answers; `*` for all. */
  readonly corsOrigins: readonly string[];
  readonly log: Logger;
}

/** Answers everything that comes to the public port: each protocol, and the few pages beside them. */
export function createPublicHandler(options: PublicHandlerOptions): RequestHandler {
  const { table, forward, readiness, docs, messageBytesMax, log } = options;
  const { services } = table;
  const cors = createCors(options.corsOrigins);
  const names = services.map(({ typeName }) => typeName);
  const local = createLocalServices(
    [
      healthService({ services: names, isReady: () => readiness.isReady }),
      ...reflectionServices([...services, Health]),
    ],
    log,
  );
  const registry = createRegistry(...services.map(({ file }) => file));
  const rpcMethods = [
    ...toRpcMethods(table, forward, registry),
    ...toRpcMethods(local.table, local.forward, registry),
  ];
  const rest = createRestHandler({
    services,
    forward: createMessageForward(table, forward, decodeAnswer),
    bodyBytesMax: messageBytesMax,
  });
  const pages = [healthPages(readiness), docs];
  const http = (request: HttpRequest, response: HttpResponse) => {
    const fields = cors.fields(request.headers);
    for (let i = 0; i < fields.length; i += 2) response.setHeader(fields[i] ?? '', fields[i + 1] ?? '');
    if (pages.some((page) => page(request, response))) return;
    serveRest(rest, request, response).catch((err: unknown) => {
      log.error({ err }, 'an answer failed');
      response.destroy();
    });
  };
  return { rpc: createRpcHandler(rpcMethods, { cors, messageBytesMax, log }), http };
}
