import type { Message } from '@bufbuild/protobuf';
import type { Clock } from '../../mesh/process/clock.ts';
import { type RpcError, toRpcError } from '../../mesh/rpc/error.ts';
import { errorJson } from './error.ts';
import { type Exchange, headOf } from './exchange.ts';
import { isCompressible } from './media-type.ts';
import { answerCompression, endResponse, sendHead } from './response.ts';
import { createStreamBody, type StreamBody } from './stream-body.ts';
import type { StreamFraming } from './stream-framing.ts';
import { sendMessages } from './stream-response.ts';

/**
 * Answers with a stream. Its head goes out with the first message, or the first sign of life. Resolves with the error
 * that the stream told of itself; throws where the answer had not begun.
 */
export async function answerStream(
  exchange: Exchange,
  messages: AsyncIterable<Message>,
  framing: StreamFraming,
  clock: Clock,
): Promise<RpcError | undefined> {
  const { request, response, call } = exchange;
  const isHead = request.method === 'HEAD';
  const { heartbeat } = framing;
  let body: StreamBody | undefined;
  const start = async (first?: Message): Promise<StreamBody> => {
    body = startBody(exchange, framing, first);
    if (!isHead) await body.send(framing.opening);
    return body;
  };
  try {
    const sink = {
      send: async (message: Message) => {
        const open = body ?? (await start(message));
        return isHead ? false : open.send(framing.frame(message));
      },
      beat: heartbeat === undefined ? undefined : async () => (body ?? (await start())).send(heartbeat),
    };
    await sendMessages(response, messages, sink, clock);
    const open = body ?? (await start());
    if (isHead) endResponse(response);
    else await open.end();
    return undefined;
  } catch (thrown) {
    if (!body) throw thrown;
    const error = toRpcError(thrown);
    if (framing.frameError) {
      await body.send(framing.frameError(errorJson(error, call.requestId), error.retryAfterMs));
      await body.end();
    } else {
      response.destroy();
    }
    return error;
  } finally {
    body?.close();
  }
}

function startBody(
  { request, response, call }: Exchange,
  framing: StreamFraming,
  first: Message | undefined,
): StreamBody {
  const headers: Record<string, string> = { ...framing.headers(first) };
  let compression: ReturnType<typeof answerCompression> = 'identity';
  if (isCompressible(headers['content-type'] ?? '')) {
    compression = answerCompression(request);
    headers.vary = headers.vary === undefined ? 'accept-encoding' : `${headers.vary}, accept-encoding`;
  }
  if (compression !== 'identity') headers['content-encoding'] = compression;
  sendHead(response, headOf(call, 200, headers));
  return createStreamBody(response, request.method === 'HEAD' ? 'identity' : compression);
}
