import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { RpcError, rpcError } from '../rpc/error.ts';
import { type Codec, codecs, type Inflated } from './codec.ts';
import { malformedStream, messageTooLarge } from './envelope-error.ts';
import { Turns } from './turns.ts';

/** A way to compress messages, by its name on the wire. */
export type Compression = 'identity' | keyof typeof codecs;

/** Less is not worth the bytes and time of a compression. */
export const compressedBytesMin = 1024;

/** What the edge can read and write, the one it likes best first. */
export const compressions: readonly Compression[] = ['gzip', 'br', 'zstd', 'deflate', 'identity'];

/** The value of `grpc-accept-encoding`, `connect-accept-encoding` and `accept-encoding` that says so. */
export const acceptEncoding = compressions.join(',');

/**
 * What is compressed or inflated at once. Up to here it takes about as long (0.05 to 0.3 ms) as the event loop spends on
 * a turn of the thread pool (0.2 ms), so that more threads would win nothing.
 */
const atOnceBytesMax = 16 * 1024;
/** A message that inflates to more goes to the thread pool after all; finding that out costs 0.1 ms. */
const atOnceInflatedBytesMax = 64 * 1024;

// As many as the thread pool has threads. Brotli holds up to 16 MiB for each, begun or waiting for its next turn.
const turns = new Turns(4);

/**
 * The compression that a `grpc-encoding`, `connect-content-encoding` or `content-encoding` header names; identity where
 * there is none. UNIMPLEMENTED, with what is supported in its metadata, for others.
 */
export function compressionOf(encoding: string | undefined): Compression {
  const name = (encoding ?? 'identity').trim().toLowerCase() || 'identity';
  const compression = compressions.find((known) => known === name);
  if (compression !== undefined) return compression;
  const message = `the encoding ${JSON.stringify(name.slice(0, 64))} is not supported; supported are ${compressions.join(', ')}`;
  throw rpcError(ErrorReason.ENCODING_UNSUPPORTED, message, { metadata: { supported: acceptEncoding } });
}

/**
 * The message inflated; small ones at once, larger ones on the thread pool. MESSAGE_TOO_LARGE, thrown or rejected, where
 * it has more than `bytesMax` (at least 1) inflated bytes: no more are made. MALFORMED_BODY where it is broken, cut off
 * or followed by other bytes. No bytes are an empty message in every compression.
 */
export function inflate(compression: Compression, bytes: Buffer, bytesMax: number): Buffer | Promise<Buffer> {
  if (compression === 'identity' || bytes.length === 0) {
    return bytes.length > bytesMax ? raise(messageTooLarge(bytesMax)) : bytes;
  }
  const codec: Codec = codecs[compression];
  if (codec.isBoundedAtOnce && bytes.length <= atOnceBytesMax) {
    const inflated = inflateAtOnce(compression, bytes, bytesMax);
    if (inflated) return inflated;
  }
  return turns.run(() => inflateLater(compression, bytes, bytesMax));
}

/** The message compressed, fast rather than small; small ones at once, larger ones on the thread pool. */
export function deflate(compression: Compression, bytes: Buffer): Buffer | Promise<Buffer> {
  if (compression === 'identity') return bytes;
  const codec: Codec = codecs[compression];
  return bytes.length <= atOnceBytesMax ? codec.deflateSync(bytes) : turns.run(() => codec.deflate(bytes));
}

/** Undefined where it has more bytes than should be made at once. */
function inflateAtOnce(
  compression: keyof typeof codecs,
  bytes: Buffer,
  bytesMax: number,
): Buffer | undefined {
  const maxOutputLength = Math.min(bytesMax, atOnceInflatedBytesMax);
  try {
    return whole(
      codecs[compression].inflateSync(bytes, { maxOutputLength, chunkSize: 16 * 1024, info: true }),
      bytes,
    );
  } catch (error) {
    if (isTooLarge(error) && maxOutputLength < bytesMax) return undefined;
    throw toInflateError(error, compression, bytesMax);
  }
}

async function inflateLater(
  compression: keyof typeof codecs,
  bytes: Buffer,
  bytesMax: number,
): Promise<Buffer> {
  const options = { maxOutputLength: bytesMax, chunkSize: 64 * 1024, info: true } as const;
  try {
    return whole(await codecs[compression].inflate(bytes, options), bytes);
  } catch (error) {
    throw toInflateError(error, compression, bytesMax);
  }
}

// node:zlib leaves out what follows the first frame: half a message would look like a whole one.
function whole({ buffer, engine }: Inflated, bytes: Buffer): Buffer {
  if (engine.bytesWritten === bytes.length) return buffer;
  throw malformedStream('bytes follow the end of a compressed message');
}

function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}

function toInflateError(error: unknown, compression: Compression, bytesMax: number): RpcError {
  if (error instanceof RpcError) return error;
  if (isTooLarge(error)) return messageTooLarge(bytesMax);
  return malformedStream(`a message is not ${compression}`, error);
}

function raise(error: RpcError): never {
  throw error;
}
