import { givesStream, takesStream } from '../../mesh/rpc/service.ts';
import type { Exchange } from '../listener/exchange.ts';
import { serveConnectGet } from './connect-get.ts';
import { serveConnectUnary } from './connect-unary.ts';
import { serveFramed } from './framed.ts';
import { acceptedMediaTypes, type FramedProtocol, type MediaType, parseMediaType } from './media-type.ts';
import type { RpcContext, RpcMethod } from './rpc-context.ts';
import { refuseUnknownMethod } from './unknown-method.ts';

/** Answers the calls of RPCs, and what browsers ask before any request; false for a request that is neither. */
export type RpcHandler = (exchange: Exchange) => boolean;

/** Serves methods over gRPC, gRPC-Web and Connect. */
export function createRpcHandler(methods: readonly RpcMethod[], context: RpcContext): RpcHandler {
  const byPath = new Map(methods.map((method) => [method.method.path, method]));
  return (exchange) => {
    if (context.cors.preflight(exchange)) return true;
    const { target } = exchange;
    const question = target.indexOf('?');
    const rpc = byPath.get(question < 0 ? target : target.slice(0, question));
    const media = parseMediaType(exchange.headers['content-type']);
    if (!rpc) return refuseUnknownMethod(exchange, media, context);
    if (exchange.method === 'POST') servePost(exchange, rpc, media, context);
    else if (exchange.method === 'GET' && rpc.method.hasNoSideEffects && isUnary(rpc)) {
      serveConnectGet(exchange, rpc, target.slice(question + 1), context);
    } else refuse(exchange, 405, ['allow', allowedMethods(rpc)], context);
    return true;
  };
}

function servePost(
  exchange: Exchange,
  rpc: RpcMethod,
  media: MediaType | undefined,
  context: RpcContext,
): void {
  if (!media || (isConnect(media) && isFramed(media) === isUnary(rpc))) {
    refuse(exchange, 415, ['accept-post', acceptedMediaTypes(isUnary(rpc))], context);
  } else if (exchange.httpVersion === 1 && needsHttp2(rpc, media)) {
    refuse(exchange, 505, [], context);
  } else if (isFramed(media)) serveFramed(exchange, rpc, media, context);
  else serveConnectUnary(exchange, rpc, media, context);
}

function isConnect({ protocol }: MediaType): boolean {
  return protocol === 'connect' || protocol === 'connect-stream';
}

function isFramed(media: MediaType): media is MediaType & { readonly protocol: FramedProtocol } {
  return media.protocol !== 'connect';
}

function isUnary({ method }: RpcMethod): boolean {
  return !takesStream(method.desc) && !givesStream(method.desc);
}

/** gRPC's trailers need it, and streams both ways at a time do. */
function needsHttp2({ method }: RpcMethod, { protocol }: MediaType): boolean {
  return protocol === 'grpc' || (takesStream(method.desc) && givesStream(method.desc));
}

function allowedMethods(rpc: RpcMethod): string {
  return rpc.method.hasNoSideEffects && isUnary(rpc) ? 'GET, POST' : 'POST';
}

/** Answers what is not a call of any protocol by HTTP's own means. */
function refuse(exchange: Exchange, status: number, fields: readonly string[], { cors }: RpcContext): void {
  exchange.respond(status, [...fields, ...cors.fields(exchange.headers)], true);
}
