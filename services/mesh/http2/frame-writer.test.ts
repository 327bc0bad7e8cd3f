import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { frameFlag, frameType } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import type { Frame } from './testing.ts';

it('sends the frames of a turn together, in order, small and large', async () => {
  const { writer, sent, writes } = create();
  const large = Buffer.alloc(16_384, 1);
  writer.frame(frameType.data, 0, 1, Buffer.from('one'));
  writer.frame(frameType.data, 0, 1, large);
  writer.number(frameType.rstStream, 2 ** 31 - 1, 2 ** 32 - 1);
  expect(writer.waitingBytes).toBe(9 + 3 + 9 + large.length + 13);
  expect(writes()).toBe(0);
  await turn();
  expect(sent()).toEqual([
    { type: frameType.data, flags: 0, streamId: 1, payload: Buffer.from('one') },
    { type: frameType.data, flags: 0, streamId: 1, payload: large },
    { type: frameType.rstStream, flags: 0, streamId: 2 ** 31 - 1, payload: Buffer.from('ffffffff', 'hex') },
  ]);
});

it('copies what is small: whoever wrote it may use its buffer again', async () => {
  const { writer, sent } = create();
  const chunk = Buffer.from('mine');
  writer.frame(frameType.data, 0, 1, chunk);
  chunk.fill(0);
  await turn();
  expect(sent()[0]?.payload.toString()).toBe('mine');
});

it.each([0, 3, 16_384])(
  'ends a stream by its last frame, of %i bytes, where that was not sent yet',
  async (bytes) => {
    const { writer, sent } = create();
    writer.frame(frameType.data, 0, 1, Buffer.alloc(bytes));
    expect(writer.endLast(3)).toBe(false);
    expect(writer.endLast(1)).toBe(true);
    expect(writer.endLast(1)).toBe(false);
    await turn();
    expect(sent().map(({ flags, payload }) => [flags, payload.length])).toEqual([
      [frameFlag.endStream, bytes],
    ]);
  },
);

it('ends no stream by a frame that is sent, or that ends none, or that is not the last', async () => {
  const { writer, sent } = create();
  writer.frame(frameType.data, 0, 1, Buffer.from('a'));
  await turn();
  expect(writer.endLast(1)).toBe(false);
  writer.number(frameType.windowUpdate, 1, 5);
  expect(writer.endLast(1)).toBe(false);
  writer.frame(frameType.data, 0, 1, Buffer.from('a'));
  writer.number(frameType.windowUpdate, 1, 5);
  expect(writer.endLast(1)).toBe(false);
  await turn();
  expect(sent().every(({ flags }) => flags === 0)).toBe(true);
});

it.each([1, 100, 3_000, 16_000, 40_000])('writes a head of %i bytes', async (bytes) => {
  const { writer, sent } = create();
  const encoder = new HpackEncoder({ tableBytesMax: 4_096 });
  const fields = [':status', '200', 'x-long', 'X'.repeat(bytes)];
  writer.fields(1, fields, encoder, true);
  await turn();
  const frames = sent();
  const decoder = new HpackDecoder({ tableBytesMax: 4_096, listBytesMax: 100_000 });
  expect(decoder.decode(Buffer.concat(frames.map(({ payload }) => payload)))).toEqual(fields);
  expect(frames.map(({ type }) => type)).toEqual(
    frames.map((_, i) => (i === 0 ? 1 : frameType.continuation)),
  );
  const ends = frames.map(({ flags }) => (flags & frameFlag.endHeaders) !== 0);
  expect(ends).toEqual(frames.map((_, index) => index === frames.length - 1));
  expect((frames[0]?.flags ?? 0) & frameFlag.endStream).toBe(frameFlag.endStream);
});

it('writes nothing more once it is closed, but what was there', async () => {
  const { writer, sent } = create();
  writer.frame(frameType.data, 0, 1, Buffer.from('a'));
  writer.close();
  writer.frame(frameType.data, 0, 1, Buffer.from('b'));
  writer.number(frameType.rstStream, 1, 1);
  writer.fields(1, [':status', '200'], new HpackEncoder({ tableBytesMax: 4_096 }), true);
  writer.close();
  await turn();
  expect(sent().map(({ payload }) => payload.toString())).toEqual(['a']);
});

it('writes nothing to a socket that is gone', async () => {
  const { writer, socket } = create();
  const errors: unknown[] = [];
  socket.on('error', (error) => errors.push(error));
  writer.frame(frameType.data, 0, 1, Buffer.from('a'));
  socket.destroy();
  await turn();
  expect(errors).toEqual([]);
});

function create() {
  const socket = new PassThrough({ highWaterMark: 2 ** 20 });
  let writes = 0;
  const write = socket.write.bind(socket);
  socket.write = ((chunk: Buffer) => {
    writes++;
    return write(chunk);
  }) as typeof socket.write;
  const frames: Frame[] = [];
  const reader = new FrameReader((type, flags, streamId, payload) =>
    frames.push({ type, flags, streamId, payload }),
  );
  const sent = () => {
    for (let chunk = socket.read(); chunk; chunk = socket.read()) reader.read(chunk);
    return frames;
  };
  return { socket, writer: new FrameWriter(socket, () => {}), sent, writes: () => writes };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
