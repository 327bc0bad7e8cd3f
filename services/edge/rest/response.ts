import { once } from 'node:events';
import { negotiate } from '../../mesh/framing/accept-encoding.ts';
import { type Compression, compressedBytesMin, deflate } from '../../mesh/framing/compression.ts';
import type { HttpResponse } from '../listener/http-messages.ts';
import type { RestRequest } from './body.ts';
import { isCompressible } from './media-type.ts';

/** A response of either version of HTTP. */
export type RestResponse = HttpResponse;

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly requestId: string;
  /** What the data path wants in it; names in lower case. */
  readonly fromDataPath: Iterable<readonly [string, string]>;
  /** What the form of the answer wants in it; goes before the data path's. */
  readonly headers: Readonly<Record<string, string>>;
  /** Who may keep it, where the data path does not say; nobody where not given. */
  readonly cacheControl?: string;
}

/** What answers are compressed with, the one that the edge likes best first. */
const answerCompressions: readonly Compression[] = ['zstd', 'br', 'gzip'];

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

/** The compression of an answer to this request. */
export function answerCompression({ headers }: RestRequest): Compression {
  const accepted = headers['accept-encoding'];
  return accepted === undefined ? 'identity' : negotiate(String(accepted), answerCompressions);
}

/** Sends the head of an answer, with the headers that the response has already. */
export function sendHead(response: RestResponse, head: AnswerHead): void {
  const headers: OutgoingHeaders = {};
  for (const [name, value] of head.fromDataPath) {
    if (!ownHeaders.has(name)) addHeader(headers, name, value);
  }
  for (const name in head.headers) addHeader(headers, name, head.headers[name] ?? '');
  headers['x-request-id'] = head.requestId;
  if (headers['cache-control'] === undefined && !response.hasHeader('cache-control')) {
    headers['cache-control'] = head.cacheControl ?? 'no-store';
  }
  // Vary gathers what others said before, such as `origin`.
  const vary = response.getHeader('vary');
  if (vary !== undefined) headers.vary = joinNames([vary, headers.vary ?? []].flat().join(','));
  response.writeHead(head.status, headers);
}

type OutgoingHeaders = Record<string, string | string[]>;

function addHeader(headers: OutgoingHeaders, name: string, value: string): void {
  const before = headers[name];
  if (name === 'vary' && before !== undefined) headers.vary = joinNames(`${before},${value}`);
  else if (name === 'set-cookie') headers[name] = [...[before ?? []].flat().map(String), value];
  else headers[name] = value;
}

function joinNames(names: string): string {
  return [...new Set(names.toLowerCase().split(/\s*,\s*/))].join(', ');
}

/**
 * Sends an answer whole, compressed where it is worth it and the client takes it. HEAD gets the head only.
 */
export async function sendWhole(
  request: RestRequest,
  response: RestResponse,
  head: AnswerHead,
  content: string | Buffer,
): Promise<void> {
  const mayVary = isCompressible(head.headers['content-type'] ?? '');
  const isWorthIt = mayVary && Buffer.byteLength(content) >= compressedBytesMin;
  const compression = isWorthIt ? answerCompression(request) : 'identity';
  const body = compression === 'identity' ? content : await deflate(compression, toBuffer(content));
  if (isGone(response)) return;
  const headers: Record<string, string> = { ...head.headers };
  if (mayVary) headers.vary = 'accept-encoding';
  if (compression !== 'identity') headers['content-encoding'] = compression;
  headers['content-length'] = String(Buffer.byteLength(body));
  sendHead(response, { ...head, headers });
  response.endWhole(request.method === 'HEAD' ? undefined : toBuffer(body));
}

function toBuffer(content: string | Buffer): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

/** Ends the answer, unless the client is gone. */
export function endResponse(response: RestResponse, content?: string | Uint8Array): void {
  if (isGone(response)) return;
  if (content && content.length > 0) response.end(content);
  else response.end();
}

/** Sends a part of a body and waits until the client has room for more. False where the client is gone. */
export async function sendChunk(response: RestResponse, content: string | Uint8Array): Promise<boolean> {
  if (isGone(response)) return false;
  if (content.length > 0 && !response.write(content)) await untilDrained(response);
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
  return response.writableEnded || response.destroyed;
}
