import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { constants, Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { RestRequest } from './body.ts';
import { acceptsGzip } from './media-type.ts';

/** A response of node:http or of the compatibility API of node:http2. */
export type RestResponse = ServerResponse | Http2ServerResponse;

const gzipBytesMin = 1024;
const compress = promisify(gzip);

// What HTTP itself says of a message or a connection; HTTP/2 refuses some of them.
const ownHeaders = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'keep-alive',
  'proxy-connection',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Sets the status and the headers of an answer, beside those it has: first the data path's, then `extra`. */
export function startResponse(
  response: RestResponse,
  status: number,
  requestId: string,
  fromDataPath: Headers,
  extra: Readonly<Record<string, string>>,
): void {
  response.statusCode = status;
  for (const [name, value] of fromDataPath) {
    if (!ownHeaders.has(name) && name !== 'set-cookie') setHeader(response, name, value);
  }
  const cookies = fromDataPath.getSetCookie();
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  if (!response.hasHeader('cache-control')) response.setHeader('cache-control', 'no-store');
  for (const [name, value] of Object.entries(extra)) setHeader(response, name, value);
  response.setHeader('x-request-id', requestId);
}

/** Sends a whole body, compressed where it is worth it and the client takes it. HEAD gets the headers only. */
export async function sendBody(
  request: RestRequest,
  response: RestResponse,
  content: Uint8Array,
): Promise<void> {
  let body = content;
  setHeader(response, 'vary', 'accept-encoding');
  const encodings = request.headers['accept-encoding'];
  if (
    content.byteLength > gzipBytesMin &&
    acceptsGzip(typeof encodings === 'string' ? encodings : undefined)
  ) {
    body = await compress(content);
    response.setHeader('content-encoding', 'gzip');
  }
  response.setHeader('content-length', String(body.byteLength));
  endResponse(response, request.method === 'HEAD' ? undefined : body);
}

/** Ends the answer, unless the client is gone. */
export function endResponse(response: RestResponse, content?: Uint8Array): void {
  if (isGone(response)) return;
  const writable: NodeJS.WritableStream = response;
  if (content) writable.end(content);
  else writable.end();
}

/** Sends a part of a body and waits until the client has room for more. False where the client is gone. */
export async function sendChunk(response: RestResponse, content: string | Uint8Array): Promise<boolean> {
  if (isGone(response)) return false;
  const writable: NodeJS.WritableStream = response;
  if (!writable.write(content)) await untilDrained(response);
  return !isGone(response);
}

async function untilDrained(response: RestResponse): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  try {
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  } catch {
    // An error of the connection; isGone says so.
  } finally {
    done.abort();
  }
}

/** True where nothing can be sent any more. */
export function isGone(response: RestResponse): boolean {
  if (response.writableEnded || response.destroyed) return true;
  return 'stream' in response && (response.stream === undefined || response.stream.destroyed);
}

/** Cuts the connection of an answer that cannot say that it is not complete. */
export function abortResponse(request: RestRequest, response: RestResponse): void {
  if (request instanceof Http2ServerRequest) request.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

// Vary gathers what others said before, such as `origin`.
function setHeader(response: RestResponse, name: string, value: string): void {
  const before = name === 'vary' ? response.getHeader(name) : undefined;
  const names = [before ?? [], value]
    .flat()
    .join(',')
    .toLowerCase()
    .split(/\s*,\s*/);
  response.setHeader(name, name === 'vary' ? [...new Set(names)].join(', ') : value);
}
