import type { Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import type { HttpBody } from '../../../gen/google/api/httpbody_pb.js';
import { type RpcError, toRpcError } from '../../mesh/rpc/error.ts';
import { only } from '../../mesh/rpc/service.ts';
import type { Forward, InboundCall } from '../inbound-call.ts';
import { type RestBinding, responseKind } from './binding.ts';
import type { RestRequest } from './body.ts';
import { errorJson, HttpFailure } from './error.ts';
import type { JsonWriter } from './message-to-json.ts';
import { type RequestRules, type Route, readRequests } from './request.ts';
import {
  abortResponse,
  endResponse,
  type RestResponse,
  sendBody,
  sendChunk,
  startResponse,
} from './response.ts';
import { jsonFraming, rawFraming, type StreamFraming, sendMessages } from './stream-response.ts';

/** A request on its way. */
export interface Exchange {
  readonly route: Route;
  readonly request: RestRequest;
  readonly response: RestResponse;
  readonly call: InboundCall;
}

/**
 * Forwards a request and answers with what comes back. Resolves with the error that a stream told of itself; throws
 * where the answer had not begun.
 */
export async function answer(
  exchange: Exchange,
  forward: Forward,
  writer: JsonWriter,
  rules: RequestRules,
): Promise<RpcError | undefined> {
  const { route, request, call } = exchange;
  const { binding } = route;
  const requests = remembering(readRequests(route, request, rules));
  try {
    const messages = forward(binding.method, requests.messages, call);
    const kind = responseKind(binding);
    if (kind === 'stream') {
      const framing = jsonFraming(request, (message) => writeStreamed(binding, message, writer));
      return await sendStream(exchange, messages, framing);
    }
    if (kind === 'raw-stream') {
      return await sendStream(
        exchange,
        messages,
        rawFraming((message) => httpBodyOf(binding, message)),
      );
    }
    await sendUnary(exchange, await only(messages), writer);
    return undefined;
  } catch (thrown) {
    // What was wrong with the request says more than how the call ended because of it.
    throw requests.failure() ?? thrown;
  }
}

function remembering(messages: AsyncIterable<Message>): {
  readonly messages: AsyncIterable<Message>;
  failure(): unknown;
} {
  let failure: unknown;
  const watched = async function* () {
    try {
      yield* messages;
    } catch (thrown) {
      failure = thrown;
      throw thrown instanceof HttpFailure ? thrown.error : thrown;
    }
  };
  return { messages: watched(), failure: () => failure };
}

async function sendUnary(exchange: Exchange, message: Message, writer: JsonWriter): Promise<void> {
  const { route, request, response, call } = exchange;
  const { binding } = route;
  let contentType = 'application/json';
  let content: Uint8Array;
  if (responseKind(binding) === 'raw') {
    const httpBody = httpBodyOf(binding, message);
    contentType = httpBody?.contentType || 'application/octet-stream';
    content = httpBody?.data ?? new Uint8Array();
  } else {
    const { responseField, method } = binding;
    const json = responseField ? writer.field(responseField, message) : writer.whole(method.output, message);
    content = Buffer.from(json);
  }
  startResponse(response, 200, call.requestId, call.responseHeaders, { 'content-type': contentType });
  await sendBody(request, response, content);
}

async function sendStream(
  { request, response, call }: Exchange,
  messages: AsyncIterable<Message>,
  framing: StreamFraming,
): Promise<RpcError | undefined> {
  let isStarted = false;
  try {
    await sendMessages(response, messages, framing, (first) => {
      startResponse(response, 200, call.requestId, call.responseHeaders, framing.headers(first));
      isStarted = true;
    });
    endResponse(response);
    return undefined;
  } catch (thrown) {
    if (!isStarted) throw thrown;
    const error = toRpcError(thrown);
    if (framing.frameError) {
      await sendChunk(response, framing.frameError(errorJson(error, call.requestId)));
      endResponse(response);
    } else {
      abortResponse(request, response);
    }
    return error;
  }
}

function writeStreamed({ method, responseField }: RestBinding, message: Message, writer: JsonWriter): string {
  return responseField ? writer.field(responseField, message) : writer.sparse(method.output, message);
}

function httpBodyOf({ method, responseField }: RestBinding, message: Message): HttpBody | undefined {
  if (responseField?.fieldKind !== 'message') return message as HttpBody;
  const target = reflect(method.output, message);
  return target.isSet(responseField) ? (target.get(responseField).message as HttpBody) : undefined;
}
