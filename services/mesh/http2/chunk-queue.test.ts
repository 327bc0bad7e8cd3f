import { expect, it } from 'vitest';
import { fc } from '../properties.testing.ts';
import { ChunkQueue } from './chunk-queue.ts';

const pattern = Buffer.from(Array.from({ length: 251 * 100 }, (_, index) => index % 251));

it('gives back what was put in, in order, however it is taken', () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 20_000 }) }),
    fc.record({ push: fc.integer({ min: 0, max: 40 }) }),
    fc.record({ leave: fc.integer({ min: 0, max: 20_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new ChunkQueue();
      let written = 0;
      const taken: Buffer[] = [];
      const take = (leave: number) => {
        const chunk = queue.shift();
        if (!chunk) return;
        const cut = Math.max(chunk.length - leave, 0);
        taken.push(chunk.subarray(0, cut));
        if (cut < chunk.length) queue.unshift(chunk.subarray(cut));
      };
      for (const one of steps) {
        if ('push' in one) {
          queue.push(numbers(written, one.push));
          written += one.push;
        } else take(one.leave);
        expect(queue.bytes).toBe(written - taken.reduce((total, { length }) => total + length, 0));
      }
      while (queue.bytes > 0) take(0);
      expect(queue.shift()).toBeUndefined();
      const all = Buffer.concat(taken);
      expect(all.length).toBe(written);
      for (let at = 0; at < written; at += 20_000) {
        const part = all.subarray(at, at + 20_000);
        expect(part.equals(numbers(at, part.length))).toBe(true);
      }
    }),
  );
});

it('holds little memory for many small chunks', () => {
  const queue = new ChunkQueue();
  for (let count = 0; count < 100_000; count++) queue.push(Buffer.of(count));
  expect(memoryOf(queue)).toBeLessThan(150_000);
});

it('holds little memory for small views of large buffers', () => {
  const queue = new ChunkQueue();
  for (let count = 0; count < 100; count++) queue.push(Buffer.alloc(65_536).subarray(100, 5_100));
  expect(memoryOf(queue)).toBeLessThan(1_100_000);
});

it('copies no chunk that is large itself', () => {
  const queue = new ChunkQueue();
  const chunk = Buffer.alloc(16_384);
  queue.push(chunk);
  expect(queue.shift()).toBe(chunk);
});

function memoryOf(queue: ChunkQueue): number {
  const buffers = new Set<ArrayBufferLike>();
  let count = 0;
  for (let chunk = queue.shift(); chunk; chunk = queue.shift()) {
    buffers.add(chunk.buffer);
    count++;
  }
  return [...buffers].reduce((total, { byteLength }) => total + byteLength, 100 * count);
}

function numbers(start: number, length: number): Buffer {
  return pattern.subarray(start % 251, (start % 251) + length);
}
