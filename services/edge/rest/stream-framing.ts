import type { Message } from '@bufbuild/protobuf';
import type { HttpBody } from '../../../gen/google/api/httpbody_pb.js';
import { eventStream, ndjson } from './media-type.ts';

/** How the messages of a stream become the body of an answer. */
export interface StreamFraming {
  readonly headers: (first: Message | undefined) => Readonly<Record<string, string>>;
  /** What the body begins with. */
  readonly opening: string;
  readonly frame: (message: Message) => string | Uint8Array;
  /** What is sent while no message comes, so that nobody on the way takes the silence for the end. */
  readonly heartbeat: string | undefined;
  /** The error as the last part; undefined where the form cannot say it. */
  readonly frameError: ((errorJson: string, retryAfterMs: number | undefined) => string) | undefined;
}

/** When a client of server-sent events may come back after a lost connection, where no error says otherwise. */
const retryMs = 3_000;

// Nginx and its like would gather a stream before they pass it on.
const unbuffered = { 'x-accel-buffering': 'no', vary: 'accept' };

/** Messages as lines of JSON, or as server-sent events. */
export function jsonFraming(form: 'lines' | 'events', write: (message: Message) => string): StreamFraming {
  if (form === 'lines') {
    return {
      headers: () => ({ 'content-type': ndjson, ...unbuffered }),
      opening: '',
      frame: (message) => `${write(message)}\n`,
      heartbeat: undefined,
      frameError: (errorJson) => `${errorJson}\n`,
    };
  }
  return {
    headers: () => ({ 'content-type': eventStream, ...unbuffered }),
    opening: `retry: ${retryMs}\n\n`,
    frame: (message) => `data: ${write(message)}\n\n`,
    heartbeat: ':\n\n',
    frameError: (errorJson, retryAfterMs) => {
      const retry = retryAfterMs === undefined ? '' : `retry: ${Math.ceil(retryAfterMs)}\n`;
      return `event: error\n${retry}data: ${errorJson}\n\n`;
    },
  };
}

/** The bytes of google.api.HttpBody messages, one after the other. */
export function rawFraming(toHttpBody: (message: Message) => HttpBody | undefined): StreamFraming {
  return {
    headers: (first) => {
      const contentType = first && toHttpBody(first)?.contentType;
      return { 'content-type': contentType || 'application/octet-stream' };
    },
    opening: '',
    frame: (message) => toHttpBody(message)?.data ?? new Uint8Array(),
    heartbeat: undefined,
    frameError: undefined,
  };
}
