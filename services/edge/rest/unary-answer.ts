import type { Message } from '@bufbuild/protobuf';
import { entityTag, isKnownTag } from './entity-tag.ts';
import { type Exchange, headOf, taggedCacheControl } from './exchange.ts';
import { httpBodyOf } from './http-body.ts';
import { isCompressible } from './media-type.ts';
import type { JsonWriter } from './message-to-json.ts';
import { endResponse, sendHead, sendWhole } from './response.ts';

interface Content {
  readonly contentType: string;
  readonly body: string | Buffer;
}

/** Answers with one message, or with 304 where the client has it already. */
export async function answerUnary(
  exchange: Exchange,
  kind: 'json' | 'raw',
  message: Message,
  writer: JsonWriter,
): Promise<void> {
  const { route, request, response, call } = exchange;
  const { contentType, body } =
    kind === 'raw' ? rawContent(exchange, message) : jsonContent(exchange, message, writer);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    await sendWhole(request, response, headOf(call, 200, { 'content-type': contentType }), body);
    return;
  }
  const etag = entityTag(route.binding, message, body);
  const cacheControl = taggedCacheControl(route);
  if (isKnownTag(request.headers['if-none-match'], etag)) {
    const headers = { etag, ...(isCompressible(contentType) ? { vary: 'accept-encoding' } : {}) };
    sendHead(response, { ...headOf(call, 304, headers), cacheControl });
    endResponse(response);
  } else {
    const headers = { etag, 'content-type': contentType };
    await sendWhole(request, response, { ...headOf(call, 200, headers), cacheControl }, body);
  }
}

function rawContent({ route }: Exchange, message: Message): Content {
  const httpBody = httpBodyOf(route.binding, message);
  const { buffer, byteOffset, byteLength } = httpBody?.data ?? new Uint8Array();
  return {
    contentType: httpBody?.contentType || 'application/octet-stream',
    body: Buffer.from(buffer, byteOffset, byteLength),
  };
}

function jsonContent({ route }: Exchange, message: Message, writer: JsonWriter): Content {
  const { responseField, method } = route.binding;
  const json = responseField ? writer.field(responseField, message) : writer.whole(method.output, message);
  return { contentType: 'application/json', body: json };
}
