import type { Socket } from 'node:net';

/** What a connection begins with. All that is neither TLS nor HTTP/2 is left to HTTP/1.1, which refuses what it is not. */
export type Opening = 'tls' | 'http1' | 'http2';

/** What an HTTP/2 connection begins with (RFC 9113, section 3.4); no HTTP/1.1 request begins so. */
const http2Preface = Buffer.from('PRI * HTTP/2.0');
/** The type of the record that a TLS handshake begins with (RFC 8446, section 5.1). */
const tlsHandshakeRecord = 0x16;

/**
 * Reads until the first bytes tell what comes, puts them back, and says which it is; the socket is paused then. A client
 * that does not come to the point in time is cut off.
 */
export function readFirstBytes(socket: Socket, timeoutMs: number, decide: (opening: Opening) => void): void {
  let seen = Buffer.alloc(0);
  const giveUp = () => socket.destroy();
  // Not the socket's own timeout: each byte would begin it anew.
  const timer = setTimeout(giveUp, timeoutMs);
  socket.on('error', giveUp);
  socket.once('end', giveUp);
  socket.once('close', () => clearTimeout(timer));
  socket.on('data', function onData(chunk: Buffer) {
    seen = Buffer.concat([seen, chunk]);
    const opening = openingOf(seen);
    if (!opening) return;
    clearTimeout(timer);
    socket.off('data', onData);
    socket.off('end', giveUp);
    socket.pause();
    socket.unshift(seen);
    decide(opening);
  });
}

function openingOf(seen: Buffer): Opening | undefined {
  if (seen[0] === tlsHandshakeRecord) return 'tls';
  const known = Math.min(seen.length, http2Preface.length);
  if (!seen.subarray(0, known).equals(http2Preface.subarray(0, known))) return 'http1';
  return known === http2Preface.length ? 'http2' : undefined;
}
