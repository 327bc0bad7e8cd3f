import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Opening } from './first-bytes.ts';
import type { ListenerCounts } from './listener-context.ts';
import { readTlsFiles, watchTlsFiles } from './tls-files.ts';

/** A certificate with its chain, and its private key, both PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

const plainRefusedText = 'This port speaks TLS: use https.\n';
/** How long a client may take to read that. */
const refusalMs = 1_000;

export interface TlsTerminationOptions {
  readonly files: TlsFiles;
  readonly handshakeMs: number;
  readonly checkMs: number;
  readonly onError: (error: unknown) => void;
  readonly counts: ListenerCounts;
  /** Takes a connection whose handshake is done. */
  readonly open: (socket: Socket, isHttp2: boolean) => void;
}

/** Does the TLS of sockets that others accepted; certificates that change on disk hold for new connections. */
export async function createTlsTermination(options: TlsTerminationOptions) {
  const { files, handshakeMs, checkMs, onError, counts, open } = options;
  const current = await readTlsFiles(files);
  const server = createServer({
    ...current,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: handshakeMs,
  });
  server.on('secureConnection', (socket) => open(socket, socket.alpnProtocol === 'h2'));
  server.on('tlsClientError', (_error, socket) => {
    counts.handshakesFailed++;
    socket.destroy();
  });
  const onChange = server.setSecureContext.bind(server);
  const close = watchTlsFiles(files, { current, checkMs, onChange, onError });
  return { accept: (socket: Socket) => void server.emit('connection', socket), close };
}

/** Refuses what speaks without TLS to a port with TLS: HTTP/1.1 with words. */
export function refusePlain(socket: Socket, opening: Opening): void {
  if (opening === 'http2') {
    socket.destroy();
    return;
  }
  socket.end(
    'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n' +
      `Content-Length: ${plainRefusedText.length}\r\n\r\n${plainRefusedText}`,
  );
  const timer = setTimeout(() => socket.destroy(), refusalMs);
  socket.once('end', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
}
