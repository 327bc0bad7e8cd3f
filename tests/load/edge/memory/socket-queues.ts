import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Of /proc/net/tcp: the two ends of a connection, and what the system holds of it, in hexadecimal. */
const line = /^ *\d+: (\w+):(\w+) (\w+):(\w+) \w\w (\w+):(\w+) /gm;

/** What the system holds between a client and the edge in either direction: sent by one and not read by the other. */
export interface QueuedBytes {
  readonly toClient: number;
  readonly toEdge: number;
}

/** Of all these connections together. What arrived and is not acknowledged yet counts twice. Linux only. */
export function queuedBytesOf(sockets: readonly Socket[]): QueuedBytes {
  const ports = new Set(sockets.map(({ localPort, remotePort }) => `${localPort} ${remotePort}`));
  let toClient = 0;
  let toEdge = 0;
  for (const [, , local, , remote, sent, received] of readFileSync('/proc/net/tcp', 'utf8').matchAll(line)) {
    const [localPort, remotePort] = [fromHex(local), fromHex(remote)];
    if (ports.has(`${localPort} ${remotePort}`)) {
      toEdge += fromHex(sent);
      toClient += fromHex(received);
    } else if (ports.has(`${remotePort} ${localPort}`)) {
      toClient += fromHex(sent);
      toEdge += fromHex(received);
    }
  }
  return { toClient, toEdge };
}

function fromHex(text = ''): number {
  return Number.parseInt(text, 16);
}
