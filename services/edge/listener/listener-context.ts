import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { CallsUnderWay } from './calls-under-way.ts';
import type { Exchange } from './exchange.ts';
import type { ListenerLimits } from './limits.ts';

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void;

/** Answers requests. One that throws fails its own request only. */
export interface RequestHandler {
  /**
   * Takes a call, or says false, and `http` gets the request. It decides by method, target and headers alone, and has
   * touched nothing when it says false.
   */
  rpc(exchange: Exchange): boolean;
  readonly http: HttpHandler;
}

/** What was refused or cut off since the listener began. */
export interface ListenerCounts {
  connectionsRefused: number;
  handshakesFailed: number;
  headersRefused: number;
  bodiesCutOff: number;
  /** Connections that were ended because their clients cancelled too many calls too quickly. */
  floodsEnded: number;
}

/** What the connections of a listener share. */
export interface ListenerContext {
  readonly handler: RequestHandler;
  readonly limits: ListenerLimits;
  readonly callsUnderWay: CallsUnderWay;
  readonly counts: ListenerCounts;
  readonly onError: (error: unknown) => void;
}

/** Asks the handler; false where the request is for `http`. */
export function offerRpc(exchange: Exchange, { handler, onError }: ListenerContext): boolean {
  try {
    return handler.rpc(exchange);
  } catch (error) {
    onError(error);
    if (exchange.hasResponded) exchange.reset(constants.NGHTTP2_INTERNAL_ERROR);
    else exchange.respond(500, [], true);
    return true;
  }
}

/** Has a request answered that is no call. */
export function serveHttp(
  request: HttpRequest,
  response: HttpResponse,
  { handler, onError }: ListenerContext,
): void {
  try {
    handler.http(request, response);
  } catch (error) {
    onError(error);
    fail(response);
  }
}

function fail(response: HttpResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = 500;
  response.end();
}
