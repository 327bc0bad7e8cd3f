import { type ConnectRouter, createConnectRouter, createContextValues } from '@connectrpc/connect';
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import type { Logger } from '../../mesh/log/logger.ts';
import type { Pages } from '../infrastructure/pages.ts';
import type { HttpRequest, HttpResponse } from '../listener/one-port.ts';
import { refuseBadAuthority } from './bad-authority.ts';
import { clientAddressKey } from './connect-routes.ts';
import { withPlainGrpcMessage } from './grpc-message.ts';

export interface ConnectHandlerOptions {
  readonly routes: readonly ((router: ConnectRouter) => void)[];
  /** The largest request message, in bytes, after inflation. */
  readonly messageBytesMax: number;
  readonly log: Logger;
}

/**
 * Answers the RPCs of these routes over gRPC, gRPC-Web and Connect; false for other paths. Connect's own adapter writes
 * to the console whenever a client is gone, and throws at a request whose host is no host.
 */
export function createConnectHandler({ routes, messageBytesMax, log }: ConnectHandlerOptions): Pages {
  const router = createConnectRouter({
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes: messageBytesMax,
    jsonOptions: { ignoreUnknownFields: false },
  });
  for (const route of routes) route(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    const handler = handlers.get((request.url ?? '').split('?', 1)[0] ?? '');
    if (!handler) return false;
    if (refuseBadAuthority(request, response)) return true;
    withPlainGrpcMessage(request, response);
    const exchange = toExchange(request, response);
    handler(exchange.request)
      .then((answer) => universalResponseToNodeResponse(answer, exchange.response))
      .catch((err: unknown) => {
        log.debug({ err, path: handler.requestPath }, 'an answer did not reach its client');
        response.destroy();
      });
    return true;
  };
}

function toExchange(request: HttpRequest, response: HttpResponse) {
  type Node = Parameters<typeof universalRequestFromNodeRequest>;
  const values = createContextValues().set(clientAddressKey, request.socket.remoteAddress ?? '');
  const nodeResponse = response as Parameters<typeof universalResponseToNodeResponse>[1];
  return {
    request: universalRequestFromNodeRequest(request as Node[0], nodeResponse, undefined, values),
    response: nodeResponse,
  };
}
