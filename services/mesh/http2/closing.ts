import type { Duplex } from 'node:stream';

/**
 * Closes a socket after what it has to send. A socket that is closed while its peer still sends is reset, and takes with
 * it what the peer did not read: so it goes on reading, for nobody, until the peer closed its side or time is up.
 */
export function closeGently(socket: Duplex, limitMs: number): void {
  const timer = setTimeout(() => socket.destroy(), limitMs).unref();
  socket.once('close', () => clearTimeout(timer));
  socket.end();
  socket.resume();
}
