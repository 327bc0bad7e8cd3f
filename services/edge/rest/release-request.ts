import { constants, Http2ServerRequest } from 'node:http2';
import type { RestRequest } from './body.ts';

/** What is read and thrown away of a body that nobody wants, so that its client gets to read the answer. */
const discardBytesMax = 16 * 1024 * 1024;

/**
 * Lets go of a request that was answered before its body ended. HTTP/2 tells the client to stop. HTTP/1.1 cannot, so
 * the rest is thrown away, up to 16 MiB; then the connection is cut.
 */
export function releaseRequest(request: RestRequest): void {
  if (request.readableEnded || request.destroyed) return;
  if (request instanceof Http2ServerRequest) {
    const { stream } = request;
    request.resume();
    if (stream.endAfterHeaders) return;
    if (stream.writableFinished) stream.close(constants.NGHTTP2_NO_ERROR);
    else stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
    return;
  }
  let bytes = 0;
  request.on('data', (chunk: Uint8Array) => {
    bytes += chunk.byteLength;
    if (bytes > discardBytesMax) request.destroy();
  });
  request.on('error', () => {});
  request.resume();
}
