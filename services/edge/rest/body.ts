import type { IncomingMessage } from 'node:http';
import { Http2ServerRequest } from 'node:http2';
import { pipeline, Readable, type Transform } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { RpcError, rpcError } from '../../mesh/rpc/error.ts';
import { unsupportedEncoding } from './error.ts';
import { malformedBody } from './malformed.ts';

/** A request of node:http or of the compatibility API of node:http2. */
export type RestRequest = IncomingMessage | Http2ServerRequest;

const chunkSize = 64 * 1024;

const inflaters: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip({ chunkSize }),
  'x-gzip': () => createGunzip({ chunkSize }),
  deflate: () => createInflate({ chunkSize }),
  br: () => createBrotliDecompress({ chunkSize }),
};

/**
 * The body in chunks, inflated where its Content-Encoding says so; the client is held back while none is asked for.
 * Throws CANCELLED where the client went away within it: half a body never looks like a whole one.
 */
export function bodyChunks(request: RestRequest): AsyncIterable<Uint8Array> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return rawChunks(request);
  const createInflater = Object.hasOwn(inflaters, encoding) ? inflaters[encoding] : undefined;
  if (!createInflater) throw unsupportedEncoding(encoding, 'gzip, deflate, br');
  return inflatedChunks(request, encoding, createInflater());
}

async function* rawChunks(request: RestRequest): AsyncGenerator<Uint8Array> {
  try {
    // Not destroyed when the answer comes early: its connection must still carry that answer.
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw rpcError(ErrorReason.CANCELLED, 'the client went away within the body', { cause });
  }
  if (!(await isWhole(request)))
    throw rpcError(ErrorReason.CANCELLED, 'the client went away within the body');
}

// node:http2 ends the body of a stream that was reset as if it were complete, and says only then that it was reset,
// still in the same turn of the event loop.
async function isWhole(request: RestRequest): Promise<boolean> {
  if (!(request instanceof Http2ServerRequest)) return request.complete;
  if (request.stream.endAfterHeaders) return true;
  await setImmediate();
  return !request.stream.aborted;
}

async function* inflatedChunks(
  request: RestRequest,
  encoding: string,
  inflater: Transform,
): AsyncGenerator<Uint8Array> {
  pipeline(Readable.from(rawChunks(request), { objectMode: false }), inflater, () => {});
  try {
    yield* inflater as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw cause instanceof RpcError ? cause : malformedBody('', `the body is not ${encoding}`, cause);
  }
}

/** The whole body. MESSAGE_TOO_LARGE where it has, inflated, more than `bytesMax`. */
export async function readBody(request: RestRequest, bytesMax: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  const isPlain = request.headers['content-encoding'] === undefined;
  if (isPlain && declared > bytesMax) throw tooLarge(bytesMax);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of bodyChunks(request)) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function tooLarge(bytesMax: number): RpcError {
  return rpcError(ErrorReason.MESSAGE_TOO_LARGE, `the body has more than ${bytesMax} bytes`, {
    metadata: { limit_bytes: String(bytesMax) },
  });
}
