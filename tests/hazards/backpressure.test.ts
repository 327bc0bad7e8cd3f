import type { Http2Session, Http2Stream, ServerHttp2Stream } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { grpcHead } from '../../services/edge/upstream/http2-server.testing.ts';
import {
  ask,
  decodeText,
  type Edge,
  envelopes,
  importTable,
  part,
  RawCall,
  reply,
  startEdge,
  streamQuery,
} from './testing.ts';

const kib = 1024;
/** A stream's window at the edge is 1 MiB; the rest is what the windows beyond it and Node's buffers take. */
const heldBytesMax = 2 * 1024 * kib;
const totalBytes = 16 * 1024 * kib;

/** Resolves when every connection has taken what came over it: a PING comes behind all of it. */
async function roundTrip(sessions: readonly Http2Session[]): Promise<void> {
  for (const session of sessions) await new Promise((resolve) => session.ping(resolve));
}

/** Resolves with a number once it stays the same over several turns of all connections. */
async function settled(read: () => number, { session, upstream }: Edge): Promise<number> {
  let before = -1;
  for (let stillCount = 0; stillCount < 10; stillCount++) {
    await roundTrip([session, ...upstream.sessions]);
    if (read() === 0 || read() !== before) stillCount = 0;
    before = read();
  }
  return before;
}

/** Writes pieces while the other side takes them; `accepted` counts what it took out of the stream's own buffer. */
function pour(stream: Http2Stream, piece: Buffer, done: () => void) {
  const poured = { accepted: 0 };
  let written = 0;
  const pourOn = () => {
    while (written < totalBytes) {
      written += piece.length;
      const hasRoom = stream.write(piece, (error) => {
        if (!error) poured.accepted += piece.length;
      });
      if (!hasRoom) return;
    }
    stream.off('drain', pourOn);
    done();
  };
  stream.on('drain', pourOn);
  pourOn();
  return poured;
}

const piece = reply(streamQuery, { done: { revision: 'x'.repeat(16 * kib) } });

describe('a client that reads slowly', () => {
  it.each([
    ['spliced', 'application/grpc+proto', ask],
    ['framed anew', 'application/grpc-web+proto', ask],
    ['as text', 'application/grpc-web-text+proto', Buffer.from(ask.toString('base64'))],
    ['in JSON', 'application/connect+json', Buffer.from('\0\0\0\0\x02{}')],
  ])('stops the upstream before 2 MiB, and loses nothing: %s', async (_name, type, request) => {
    let poured = { accepted: 0 };
    const edge = await startEdge((stream: ServerHttp2Stream) => {
      stream.respond(grpcHead, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      poured = pour(stream, piece, () => stream.end());
    });
    // Nobody reads: what Node's client takes by itself is its window of 64 KiB.
    const call = new RawCall(edge.session, { method: streamQuery, type });
    call.stream.end(request);
    await call.head;
    expect(await settled(() => poured.accepted, edge)).toBeLessThan(heldBytesMax);
    const { body } = await call.read().answer();
    const framed = type.includes('text') ? decodeText(body) : body;
    const rows = envelopes(framed).filter(({ flags }) => flags === 0);
    expect(rows).toHaveLength(Math.ceil(totalBytes / piece.length));
  });
});

describe('a service that reads slowly', () => {
  it.each([
    ['spliced', 'application/grpc+proto', part(16 * kib)],
    ['in JSON', 'application/connect+json', undefined],
  ])('stops the client before 2 MiB, and loses nothing: %s', async (_name, type, given) => {
    const json = Buffer.from(JSON.stringify({ body: { data: Buffer.alloc(16 * kib).toString('base64') } }));
    const envelope = Buffer.alloc(5);
    envelope.writeUInt32BE(json.length, 1);
    const piece = given ?? Buffer.concat([envelope, json]);
    const edge = await startEdge();
    const call = new RawCall(edge.session, { method: importTable, type }).read();
    const poured = pour(call.stream, piece, () => call.stream.end());
    const { stream } = await edge.upstream.next();
    expect(await settled(() => poured.accepted, edge)).toBeLessThan(heldBytesMax);
    let received = 0;
    for await (const chunk of stream) received += chunk.length;
    const messages = Math.ceil(totalBytes / piece.length);
    const upstreamPiece = given ?? part(16 * kib);
    const graphIdBytes = given ? 0 : 'g1'.length + 2;
    expect(received).toBe(messages * (upstreamPiece.length - graphIdBytes));
  });
});
