import { expect, it } from 'vitest';
import { fc } from '../properties.testing.ts';
import { ConnectionError, errorCode, frameBytesMax } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { type Frame, frame } from './testing.ts';

const someFrame = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  flags: fc.integer({ min: 0, max: 255 }),
  streamId: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  payload: fc
    .oneof(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: frameBytesMax }).map(bytesOf))
    .map((bytes) => Buffer.from(bytes)),
});

it('reads the same frames however their bytes are cut', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.array(someFrame, { maxLength: 12 }), cuts, (frames, sizes) => {
      const wire = wireOf(frames);
      const came = read(wire, sizes);
      expect(came.length).toBe(frames.length);
      expect(wireOf(came).equals(wire)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

it('reads frames that come byte by byte', () => {
  const wire = Buffer.concat([
    frame(0, 1, 3, Buffer.from('data')),
    frame(4, 1, 0),
    frame(9, 0, 5, Buffer.of(1)),
  ]);
  expect(read(wire, [1]).map(({ type }) => type)).toEqual([0, 4, 9]);
});

it('ignores the reserved bit of a stream id', () => {
  const wire = frame(0, 0, 7);
  wire[5] = 0x80;
  expect(read(wire, [100])[0]?.streamId).toBe(7);
});

it.each([1, 4, 9, 100])(
  'refuses a frame that is too large once its length is there, in chunks of %i',
  (size) => {
    const wire = Buffer.from('004001000000000001', 'hex');
    let thrown: unknown;
    try {
      read(wire, [size]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConnectionError);
    expect((thrown as ConnectionError).code).toBe(errorCode.frameSizeError);
  },
);

it('keeps of a chunk no more than the frame that it begins', () => {
  const held: Buffer[] = [];
  const reader = new FrameReader((_type, _flags, _id, payload) => held.push(payload));
  const large = frame(0, 0, 1, Buffer.alloc(16_000));
  const small = frame(0, 0, 1, Buffer.alloc(100));
  const chunk = Buffer.concat([...Array(20).fill(large), small.subarray(0, 50)]);
  reader.read(chunk);
  reader.read(small.subarray(50));
  expect(held[0]?.buffer).toBe(chunk.buffer);
  expect(held[20]?.length).toBe(100);
  expect(held[20]?.buffer).not.toBe(chunk.buffer);
});

function read(wire: Buffer, sizes: readonly number[]): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader((type, flags, streamId, payload) =>
    frames.push({ type, flags, streamId, payload }),
  );
  let at = 0;
  for (let index = 0; at < wire.length; index++) {
    const end = at + (sizes[index % sizes.length] as number);
    reader.read(Buffer.from(wire.subarray(at, end)));
    at = end;
  }
  return frames;
}

function wireOf(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.map(({ type, flags, streamId, payload }) => frame(type, flags, streamId, payload)),
  );
}

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index);
}
