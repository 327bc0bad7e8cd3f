import { pipeline, Readable, type Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { RpcError, rpcError } from '../../mesh/rpc/error.ts';
import type { HttpRequest } from '../listener/http-messages.ts';
import { unsupportedEncoding } from './error.ts';
import { malformedBody } from './malformed.ts';

/** A request of either version of HTTP. Half a body ends with an error. */
export type RestRequest = HttpRequest;

const chunkSize = 64 * 1024;

const inflaters: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip({ chunkSize }),
  'x-gzip': () => createGunzip({ chunkSize }),
  deflate: () => createInflate({ chunkSize }),
  br: () => createBrotliDecompress({ chunkSize }),
  // A frame says how large a window it wants, and would be given 128 MiB; RFC 9659 lets it ask for 8.
  zstd: () => createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: 23 } }),
};

/**
 * The body in chunks, inflated where its Content-Encoding says so; the client is held back while none is asked for.
 * Throws CANCELLED where the client went away within it: half a body never looks like a whole one.
 */
export function bodyChunks(request: RestRequest): AsyncIterable<Uint8Array> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return rawChunks(request);
  const createInflater = Object.hasOwn(inflaters, encoding) ? inflaters[encoding] : undefined;
  if (!createInflater) throw unsupportedEncoding(encoding, 'gzip, deflate, br, zstd');
  return inflatedChunks(request, encoding, createInflater());
}

async function* rawChunks(request: RestRequest): AsyncGenerator<Uint8Array> {
  try {
    // Not destroyed when the answer comes early: its connection must still carry that answer.
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw brokenOff(cause);
  }
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
  const { headers } = request;
  const isPlain = headers['content-encoding'] === undefined;
  if (isPlain && Number(headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  if (isPlain && !request.hasBody) return noBytes;
  if (isPlain) return collect(request, bytesMax);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of bodyChunks(request)) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

const noBytes = Buffer.alloc(0);

async function collect(request: RestRequest, bytesMax: number): Promise<Buffer> {
  const body = await request.collect(bytesMax).catch((cause: unknown) => {
    throw brokenOff(cause);
  });
  if (!body) throw tooLarge(bytesMax);
  return body;
}

function brokenOff(cause?: unknown): RpcError {
  return rpcError(ErrorReason.CANCELLED, 'the client went away within the body', { cause });
}

function tooLarge(bytesMax: number): RpcError {
  return rpcError(ErrorReason.MESSAGE_TOO_LARGE, `the body has more than ${bytesMax} bytes`, {
    metadata: { limit_bytes: String(bytesMax) },
  });
}
