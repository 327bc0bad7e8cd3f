import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import { toCallEnd } from '../data-path/call-end.ts';
import type { Exchange } from '../listener/exchange.ts';
import { answerFields } from './answer-fields.ts';
import { grpcTrailers } from './grpc-end.ts';
import type { MediaType } from './media-type.ts';
import type { RpcContext } from './rpc-context.ts';
import { toRpcHead } from './rpc-head.ts';

/**
 * Answers a gRPC or gRPC-Web call of a method that does not exist: UNIMPLEMENTED in the one head, never a bare HTTP
 * status, which gRPC clients would read as something else. False for other requests.
 */
export function refuseUnknownMethod(
  exchange: Exchange,
  media: MediaType | undefined,
  context: RpcContext,
): boolean {
  if (!media?.protocol.startsWith('grpc')) return false;
  const { head } = toRpcHead(exchange, media.protocol, context);
  const error = rpcError(ErrorReason.METHOD_NOT_FOUND, `no method ${exchange.target}`);
  const trailers = grpcTrailers(toCallEnd(error, head.requestId));
  exchange.respond(200, answerFields(media.contentType, head, trailers), true);
  return true;
}
