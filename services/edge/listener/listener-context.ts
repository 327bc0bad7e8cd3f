import { errorCode } from '../../mesh/http2/frame.ts';
import type { CallsUnderWay } from './calls-under-way.ts';
import type { Exchange } from './exchange.ts';
import { HttpRequest, HttpResponse } from './http-messages.ts';
import type { ListenerLimits } from './limits.ts';

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

/** Hands a request to the handler. One that throws fails its own request only. */
export function serve(exchange: Exchange, { handler, onError }: ListenerContext): void {
  try {
    if (handler.rpc(exchange)) return;
    const request = new HttpRequest(exchange);
    handler.http(request, new HttpResponse(exchange, request));
  } catch (error) {
    onError(error);
    if (exchange.hasResponded) exchange.reset(errorCode.internalError);
    else exchange.respond(500, [], true);
  }
}
