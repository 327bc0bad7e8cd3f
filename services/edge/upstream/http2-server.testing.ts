import {
  createServer,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Fields } from '../listener/exchange.ts';

/** A call as it came to a test's server. */
export interface ServedStream {
  readonly stream: ServerHttp2Stream;
  readonly fields: Fields;
}

/** An HTTP/2 server in which a test decides on each frame. */
export interface Http2TestServer {
  readonly address: string;
  /** Every session that was ever opened. */
  readonly sessions: readonly ServerHttp2Session[];
  /** Every stream that ever came. */
  readonly streams: readonly ServedStream[];
  /** The next stream that nobody asked for yet. */
  next(): Promise<ServedStream>;
  close(): Promise<void>;
}

/** Serves on a free port; `onStream` is called for each stream, in which errors are ignored. */
export async function serveHttp2(
  onStream: (stream: ServerHttp2Stream) => void = () => {},
  options: ServerOptions = {},
): Promise<Http2TestServer> {
  const sessions: ServerHttp2Session[] = [];
  const streams: ServedStream[] = [];
  const waiting: ((stream: ServedStream) => void)[] = [];
  let takenCount = 0;
  const server = createServer(options);
  server.on('session', (session) => sessions.push(session));
  server.on('sessionError', () => {});
  server.on('stream', (stream, _headers, _flags, fields: string[]) => {
    stream.on('error', () => {});
    streams.push({ stream, fields });
    if (waiting.length > 0) {
      takenCount++;
      waiting.shift()?.({ stream, fields });
    }
    onStream(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    streams,
    next: () => {
      const known = streams[takenCount];
      if (!known) return new Promise((resolve) => waiting.push(resolve));
      takenCount++;
      return Promise.resolve(known);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}

export const grpcHead = { ':status': 200, 'content-type': 'application/grpc+proto' };

/** Ends a call with trailers only. */
export function respondTrailersOnly(stream: ServerHttp2Stream, fields: OutgoingHttpHeaders): void {
  stream.respond({ ...grpcHead, ...fields }, { endStream: true });
}

/** Ends a call that was answered with a head, or is with this one, with trailers. */
export function endWith(stream: ServerHttp2Stream, trailers: OutgoingHttpHeaders, body?: Buffer): void {
  if (!stream.headersSent) stream.respond(grpcHead, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

/** Resolves when a stream is closed, however. */
export function closed(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.on('close', () => resolve());
  });
}
