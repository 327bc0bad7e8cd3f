import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { compressionOf } from '../../mesh/framing/compression.ts';
import { messageTooLarge } from '../../mesh/framing/envelope-error.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { Exchange } from '../listener/exchange.ts';
import { readEncodings } from './call-encodings.ts';
import { ConnectUnaryAnswer } from './connect-unary.ts';
import { RpcCall } from './rpc-call.ts';
import type { RpcContext, RpcMethod } from './rpc-context.ts';
import { toRpcHead } from './rpc-head.ts';
import { UnaryFeed } from './unary-feed.ts';

const contentTypes = { proto: 'application/proto', json: 'application/json' } as const;

/** Serves a unary call without side effects whose message is in the query: browsers and proxies can cache it. */
export function serveConnectGet(
  exchange: Exchange,
  rpc: RpcMethod,
  query: string,
  context: RpcContext,
): void {
  const { head, error } = toRpcHead(exchange, 'connect', context);
  const parameters = new URLSearchParams(query);
  const codec = parameters.get('encoding') === 'proto' ? 'proto' : 'json';
  const transcoder = codec === 'json' ? rpc.json : undefined;
  const { response: compression, fields } = readEncodings(exchange, 'connect');
  const call = new RpcCall({ exchange, method: rpc.method, head, log: context.log });
  const contentType = contentTypes[codec];
  const answer = new ConnectUnaryAnswer(call, { contentType, transcoder, compression, fields });
  call.start(rpc.forward, answer, ignoredBody, error);
  if (error) return;
  try {
    const message = readMessage(parameters, context.messageBytesMax);
    const form = { compression: compressionOf(parameters.get('compression') ?? undefined), transcoder };
    new UnaryFeed(call, context.messageBytesMax, form).feed(message);
  } catch (thrown) {
    call.fail(thrown);
  }
}

/** A GET has no body; what comes is thrown away. */
const ignoredBody = { onChunk: () => {}, onEnd: () => {} };

function readMessage(parameters: URLSearchParams, messageBytesMax: number): Buffer {
  const { connect, encoding, message, base64 } = Object.fromEntries(parameters);
  if (connect !== undefined && connect !== 'v1') throw invalid('connect', 'must be v1');
  if (encoding !== 'proto' && encoding !== 'json') throw invalid('encoding', 'must be proto or json');
  if (message === undefined) throw invalid('message', 'is missing');
  const bytes = Buffer.from(message, base64 === '1' ? 'base64url' : 'utf8');
  if (bytes.length > messageBytesMax) throw messageTooLarge(messageBytesMax);
  return bytes;
}

function invalid(field: string, description: string) {
  return rpcError(ErrorReason.INVALID_REQUEST, `the parameter ${field} ${description}`, {
    violations: [{ field, description }],
  });
}
