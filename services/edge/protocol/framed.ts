import { encodeBase64 } from '../../mesh/framing/base64-stream.ts';
import type { Exchange } from '../listener/exchange.ts';
import { readEncodings } from './call-encodings.ts';
import { endConnectStream } from './connect-stream.ts';
import { Base64Feed, PipedFeed, SplicedFeed } from './feeds.ts';
import { FramedAnswer, type FramedForm } from './framed-answer.ts';
import { endGrpc } from './grpc.ts';
import { endGrpcWeb } from './grpc-web.ts';
import type { FramedProtocol, MediaType } from './media-type.ts';
import { createAnswerPipe, createRequestPipe } from './message-pipes.ts';
import { RpcCall } from './rpc-call.ts';
import type { RpcContext, RpcMethod } from './rpc-context.ts';
import { toRpcHead } from './rpc-head.ts';

const ends: Readonly<Record<FramedProtocol, FramedForm['end']>> = {
  grpc: endGrpc,
  'grpc-web': endGrpcWeb,
  'grpc-web-text': endGrpcWeb,
  'connect-stream': endConnectStream,
};

/** Serves a call of a protocol that frames its messages: bytes pass as they are wherever both sides say it so. */
export function serveFramed(
  exchange: Exchange,
  rpc: RpcMethod,
  media: MediaType & { readonly protocol: FramedProtocol },
  context: RpcContext,
): void {
  const { protocol, contentType, codec } = media;
  const { messageBytesMax, log } = context;
  const { head, error } = toRpcHead(exchange, protocol, context);
  const encodings = readEncodings(exchange, protocol);
  const call = new RpcCall({ exchange, method: rpc.method, head, log });
  const encode = protocol === 'grpc-web-text' ? encodeBase64 : undefined;
  const answer = new FramedAnswer(call, {
    contentType,
    fields: encodings.fields,
    encode,
    end: ends[protocol],
  });
  const transcoder = codec === 'json' ? rpc.json : undefined;
  const { request, response } = encodings;
  if (transcoder || response !== 'identity') {
    call.answerPipe = createAnswerPipe(answer, { messageBytesMax, compression: response, transcoder });
  }
  if (transcoder || request !== 'identity') {
    call.requestPipe = createRequestPipe(call, { messageBytesMax, compression: request, transcoder });
  }
  const feed = call.requestPipe
    ? new PipedFeed(call, call.requestPipe)
    : new SplicedFeed(call, messageBytesMax);
  const wire = protocol === 'grpc-web-text' ? new Base64Feed(call, feed) : feed;
  call.start(rpc.forward, answer, wire, error ?? encodings.error);
}
