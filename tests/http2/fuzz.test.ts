import { expect, it } from 'vitest';
import { frameType } from '../../services/mesh/http2/frame.ts';
import {
  blockOf,
  type Frame,
  frame,
  type RawPeer,
  rawClient,
  rawServer,
  requestFields,
} from '../../services/mesh/http2/testing.ts';
import { fc } from '../../services/mesh/properties.testing.ts';

interface Piece {
  readonly bytes: Buffer;
}

const number = fc.oneof(fc.nat(20), fc.nat(70_000), fc.nat(2 ** 32 - 1), fc.constant(2 ** 31 - 1));
const streamId = fc.oneof(fc.nat(9), fc.constantFrom(1, 1, 3, 3, 5, 0, 2 ** 31 - 1));
const flags = fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 9, 0x20, 0x25, 0x2d), fc.nat(255));
const word = number.map((value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
});
const setting = fc.tuple(fc.oneof(fc.nat(8), fc.nat(65_535)), word).map(([id, value]) => {
  return Buffer.concat([Buffer.of(id >> 8, id), value]);
});
const fields = fc.constantFrom(
  requestFields,
  [...requestFields, 'content-length', '10'],
  [...requestFields, 'connection', 'close'],
  [':status', '200'],
  [':status', '100'],
  [':status', '200', 'content-length', '5'],
  ['grpc-status', '0'],
  [':method', 'GET'],
  ['x-long', 'x'.repeat(20_000)],
);
const payload = fc.oneof(
  word,
  fc.tuple(word, word).map((words) => Buffer.concat(words)),
  fc.array(setting, { maxLength: 4 }).map((settings) => Buffer.concat(settings)),
  fields.map((list) => blockOf(list).subarray(0, 16_384)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(16_384).map((length) => Buffer.alloc(length, 1)),
);
const anyFrame = fc
  .tuple(fc.oneof(fc.nat(10), fc.nat(255)), flags, streamId, payload)
  .map(([type, flag, id, bytes]) => ({ bytes: frame(type, flag, id, bytes) }));
/** Frames that make sense, so that what follows them meets streams in every state. */
const sensibleFrame = fc
  .tuple(fc.constantFrom(1, 3, 5, 7), fc.constantFrom(4, 5), fields)
  .map(([id, flag, list]) => ({
    bytes: frame(frameType.headers, flag, id, blockOf(list).subarray(0, 16_384)),
  }));
const damagedFrame = fc.tuple(anyFrame, fc.nat(40), fc.nat(255)).map(([{ bytes }, at, value]) => {
  const damaged = Buffer.from(bytes);
  if (at < damaged.length) damaged[at] = value;
  return { bytes: damaged };
});
const pieces = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: sensibleFrame },
    { weight: 6, arbitrary: anyFrame },
    { weight: 1, arbitrary: damagedFrame },
  ),
  { maxLength: 40 },
);
const token = Buffer.from('a token!');
const runs = { numRuns: 1_500, seed: 9_113 };

it('a server survives whatever frames come', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, async (all) => {
      const { peer, server } = rawClient(({ stream, log }) => {
        stream.sendFields([':status', '200'], false);
        stream.write(Buffer.alloc(70_000));
        if (stream.id % 3 === 0) stream.pause();
        log.onEnd = () => stream.end(['grpc-status', '0']);
      });
      peer.greet();
      await feed(all, peer);
      await expectEnd(peer);
      expect(server.bugs).toEqual([]);
      if (server.connection.isClosed) expect(server.connection.streamCount).toBe(0);
      expect(server.goneCount + server.connection.streamCount).toBe(server.requests.length);
      expect(server.connection.socket.writableLength).toBeLessThan(2 ** 20);
    }),
    runs,
  );
});

it('a client survives whatever frames come', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, async (all) => {
      const { client, peer } = rawServer();
      const calls = [1, 3, 5, 7].map(() => client.request());
      for (const { stream } of calls) stream.write(Buffer.alloc(70_000));
      calls[0]?.stream.pause();
      calls[1]?.stream.end();
      await feed(all, peer);
      await expectEnd(peer);
      expect(client.bugs).toEqual([]);
      calls[0]?.stream.resume();
      if (client.connection.isClosed) expect(client.connection.streamCount).toBe(0);
      expect(client.goneCount + client.connection.streamCount).toBe(calls.length);
    }),
    runs,
  );
});

async function feed(all: readonly Piece[], peer: RawPeer): Promise<void> {
  for (const { bytes } of all) peer.send(bytes);
  await turns();
}

/**
 * The connection ends with GOAWAY, or goes on: it answers a PING. A frame that was left unfinished, by a length that was
 * damaged, is finished by zeros before that.
 */
async function expectEnd(peer: RawPeer): Promise<void> {
  const isAnswer = ({ type, flags, payload }: Frame) =>
    type === frameType.goaway || (type === frameType.ping && flags === 1 && payload.equals(token));
  for (const filling of [0, 16_384]) {
    if (peer.frames.some(isAnswer)) return;
    peer.send(Buffer.alloc(filling), frame(frameType.ping, 0, 0, token));
    await turns();
  }
  expect(peer.frames.some(isAnswer)).toBe(true);
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
