import type { Socket } from 'node:net';

/** What an HTTP/2 connection begins with (RFC 9113, section 3.4); no HTTP/1.1 request begins so. */
const http2Preface = Buffer.from('PRI * HTTP/2.0');

/**
 * Reads until the first bytes tell HTTP/2 from HTTP/1.1, puts them back, and says which it is. A client that does not
 * come to the point in time is cut off.
 */
export function readFirstBytes(socket: Socket, timeoutMs: number, decide: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const giveUp = () => socket.destroy();
  // Not the socket's own timeout: each byte would begin it anew.
  const timer = setTimeout(giveUp, timeoutMs);
  socket.on('error', giveUp);
  socket.once('end', giveUp);
  socket.once('close', () => clearTimeout(timer));
  socket.on('data', function onData(chunk: Buffer) {
    seen = Buffer.concat([seen, chunk]);
    const known = Math.min(seen.length, http2Preface.length);
    const isHttp2 = seen.subarray(0, known).equals(http2Preface.subarray(0, known));
    if (isHttp2 && known < http2Preface.length) return;
    clearTimeout(timer);
    socket.off('data', onData);
    socket.off('end', giveUp);
    socket.pause();
    socket.unshift(seen);
    decide(isHttp2);
    process.nextTick(() => socket.resume());
  });
}
