import type { Message } from '@bufbuild/protobuf';
import type { Clock } from '../../mesh/process/clock.ts';
import type { RpcError } from '../../mesh/rpc/error.ts';
import { only } from '../../mesh/rpc/service.ts';
import type { Forward } from '../inbound-call.ts';
import { type RestBinding, responseKind } from './binding.ts';
import { HttpFailure, notAcceptable } from './error.ts';
import type { Exchange } from './exchange.ts';
import { httpBodyOf } from './http-body.ts';
import { acceptQuality, eventStream, ndjson, streamForm } from './media-type.ts';
import type { JsonWriter } from './message-to-json.ts';
import { type RequestRules, readRequests } from './request.ts';
import { answerStream } from './stream-answer.ts';
import { jsonFraming, rawFraming, type StreamFraming } from './stream-framing.ts';
import { answerUnary } from './unary-answer.ts';

/** What answers are made with. */
export interface AnswerTools {
  readonly forward: Forward;
  readonly writer: JsonWriter;
  readonly rules: RequestRules;
  readonly clock: Clock;
}

/**
 * Forwards a request and answers with what comes back. Resolves with the error that a stream told of itself; throws
 * where the answer had not begun.
 */
export async function answer(exchange: Exchange, tools: AnswerTools): Promise<RpcError | undefined> {
  const { route, request, call } = exchange;
  const { binding } = route;
  const kind = responseKind(binding);
  const { accept } = request.headers;
  if (kind === 'json' && acceptQuality(accept, 'application/json') === 0) {
    throw notAcceptable('application/json');
  }
  const framing = toFraming(exchange, kind, tools.writer);
  const requests = remembering(readRequests(route, request, tools.rules));
  try {
    const messages = tools.forward(binding.method, requests.messages, call);
    if (framing) return await answerStream(exchange, messages, framing, tools.clock);
    await answerUnary(exchange, kind === 'raw' ? 'raw' : 'json', await only(messages), tools.writer);
    return undefined;
  } catch (thrown) {
    // What was wrong with the request says more than how the call ended because of it.
    throw requests.failure() ?? thrown;
  }
}

function toFraming(
  { route: { binding }, request }: Exchange,
  kind: ReturnType<typeof responseKind>,
  writer: JsonWriter,
): StreamFraming | undefined {
  if (kind === 'raw-stream') return rawFraming((message) => httpBodyOf(binding, message));
  if (kind !== 'stream') return undefined;
  const form = streamForm(request.headers.accept);
  if (!form) throw notAcceptable(`${ndjson}, ${eventStream}`);
  return jsonFraming(form, (message) => writeStreamed(binding, message, writer));
}

function writeStreamed({ method, responseField }: RestBinding, message: Message, writer: JsonWriter): string {
  return responseField ? writer.field(responseField, message) : writer.sparse(method.output, message);
}

/** The messages, and what went wrong with them. Whoever reads them hears of it as an RpcError. */
function remembering(source: AsyncIterable<Message>): {
  readonly messages: AsyncIterable<Message>;
  failure(): unknown;
} {
  let failure: unknown;
  const iterator = source[Symbol.asyncIterator]();
  const remember = (thrown: unknown): never => {
    failure = thrown;
    throw thrown instanceof HttpFailure ? thrown.error : thrown;
  };
  const watched: AsyncIterator<Message> = {
    next: () => iterator.next().catch(remember),
    return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
  };
  return { messages: { [Symbol.asyncIterator]: () => watched }, failure: () => failure };
}
