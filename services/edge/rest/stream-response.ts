import type { Message } from '@bufbuild/protobuf';
import type { HttpBody } from '../../../gen/google/api/httpbody_pb.js';
import type { RestRequest } from './body.ts';
import { prefersEventStream } from './media-type.ts';
import { isGone, type RestResponse, sendChunk } from './response.ts';

/** How the messages of a stream become the body of an answer. */
export interface StreamFraming {
  readonly headers: (first: Message | undefined) => Readonly<Record<string, string>>;
  readonly frame: (message: Message) => string | Uint8Array;
  /** The error as the last part; undefined where the form cannot say it. */
  readonly frameError: ((errorJson: string) => string) | undefined;
}

/** Lines of JSON, or server-sent events where the client asks for them. */
export function jsonFraming(request: RestRequest, write: (message: Message) => string): StreamFraming {
  if (prefersEventStream(request.headers.accept)) {
    const headers = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no', vary: 'accept' };
    return {
      headers: () => headers,
      frame: (message) => `data: ${write(message)}\n\n`,
      frameError: (errorJson) => `event: error\ndata: ${errorJson}\n\n`,
    };
  }
  return {
    headers: () => ({ 'content-type': 'application/x-ndjson', 'x-accel-buffering': 'no', vary: 'accept' }),
    frame: (message) => `${write(message)}\n`,
    frameError: (errorJson) => `${errorJson}\n`,
  };
}

/** The bytes of google.api.HttpBody messages, one after the other. */
export function rawFraming(toHttpBody: (message: Message) => HttpBody | undefined): StreamFraming {
  return {
    headers: (first) => {
      const contentType = first && toHttpBody(first)?.contentType;
      return { 'content-type': contentType || 'application/octet-stream' };
    },
    frame: (message) => toHttpBody(message)?.data ?? new Uint8Array(),
    frameError: undefined,
  };
}

/**
 * Sends the messages, each as soon as it comes and not before the client has room. Ends early, and with it the call,
 * where the client is gone. `start` is called with the first message, or without one where there is none.
 */
export async function sendMessages(
  response: RestResponse,
  messages: AsyncIterable<Message>,
  framing: StreamFraming,
  start: (first: Message | undefined) => void,
): Promise<void> {
  const iterator = messages[Symbol.asyncIterator]();
  const closed = whenClosed(response);
  let isStarted = false;
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), closed.promise]);
      if (next === undefined || isGone(response)) return;
      if (!isStarted) start(next.done ? undefined : next.value);
      isStarted = true;
      if (next.done || !(await sendChunk(response, framing.frame(next.value)))) return;
    }
  } finally {
    closed.forget();
    // Not awaited: a generator that waits for its upstream ends only when the call's signal tells it to.
    iterator.return?.()?.catch(() => {});
  }
}

function whenClosed(response: RestResponse): { readonly promise: Promise<undefined>; forget(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const onClose = () => resolve(undefined);
  response.once('close', onClose);
  return { promise, forget: () => response.off('close', onClose) };
}
