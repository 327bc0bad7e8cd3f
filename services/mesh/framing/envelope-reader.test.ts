import { describe, expect, it } from 'vitest';
import { fc } from '../properties.testing.ts';
import { frame } from './envelope.ts';
import { EnvelopeReader } from './envelope-reader.ts';
import { cut, framed, readAll, reasonOf, someChunkSizes, someMessages } from './testing.ts';

const bytesMax = 1000;

describe('EnvelopeReader', () => {
  it('gives the messages that were framed, in order, wherever the stream is cut', () => {
    fc.assert(
      fc.property(someMessages, someChunkSizes, (messages, sizes) => {
        const reader = new EnvelopeReader(bytesMax);
        expect(readAll(reader, cut(framed(messages), sizes))).toEqual(messages);
        expect(reader.unreadBytes).toBe(0);
        reader.end();
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('gives the same messages when chunks pile up before they are read', () => {
    fc.assert(
      fc.property(someMessages, someChunkSizes, fc.infiniteStream(fc.boolean()), (messages, sizes, reads) => {
        const reader = new EnvelopeReader(bytesMax);
        const read = [];
        let unread = 0;
        for (const chunk of cut(framed(messages), sizes)) {
          reader.push(chunk);
          unread += chunk.length;
          expect(reader.unreadBytes).toBeLessThanOrEqual(unread);
          const message = reads.next().value ? reader.next() : undefined;
          if (message) read.push(message);
        }
        for (let message = reader.next(); message; message = reader.next()) read.push(message);
        expect(read).toEqual(messages);
        expect(reader.unreadChunks).toBe(0);
        reader.end();
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('counts what waits to be read', () => {
    const reader = new EnvelopeReader(bytesMax);
    reader.push(frame(Buffer.from('one')));
    reader.push(Buffer.alloc(0));
    reader.push(frame(Buffer.from('three')));
    expect([reader.unreadBytes, reader.unreadChunks]).toEqual([18, 2]);
    reader.next();
    expect([reader.unreadBytes, reader.unreadChunks]).toEqual([10, 1]);
    reader.next();
    expect([reader.unreadBytes, reader.unreadChunks]).toEqual([0, 0]);
  });

  it('does not copy a message that lies within one chunk', () => {
    const reader = new EnvelopeReader(bytesMax);
    const chunk = framed([
      { flags: 0, payload: Buffer.from('one') },
      { flags: 0, payload: Buffer.from('two') },
    ]);
    const [one, two] = readAll(reader, [chunk]);
    chunk.fill('x');
    expect([one, two].map((message) => message?.payload.toString())).toEqual(['xxx', 'xxx']);
  });

  it('copies a message of several chunks into one buffer of its own', () => {
    const payload = Buffer.alloc(200_000, 'abcdefg');
    const chunks = cut(frame(payload), [16_384]);
    const [message] = readAll(new EnvelopeReader(payload.length), chunks);
    for (const chunk of chunks) chunk.fill(0);
    expect(message?.payload.equals(payload)).toBe(true);
  });

  it('refuses a length beyond the limit by its header alone', () => {
    expect(readAll(new EnvelopeReader(bytesMax), [frame(Buffer.alloc(bytesMax))])).toHaveLength(1);
    for (const length of [bytesMax + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      const header = Buffer.alloc(5);
      header.writeUInt32BE(length, 1);
      for (const sizes of [[5], [1], [3, 2]]) {
        const read = () => readAll(new EnvelopeReader(bytesMax), cut(header, sizes));
        expect(reasonOf(read)).toBe('MESSAGE_TOO_LARGE');
      }
    }
  });

  it('sets aside no memory for bytes that a header only announces', () => {
    const bytesMax = 64 * 2 ** 20;
    const begun = Buffer.alloc(6);
    begun.writeUInt32BE(bytesMax, 1);
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 64 }, () => new EnvelopeReader(bytesMax));
    for (const reader of readers) readAll(reader, [begun]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20);
    for (const reader of readers) expect(reasonOf(() => reader.end())).toBe('MALFORMED_BODY');
  });

  it('holds little more than a message that comes byte by byte', () => {
    const payload = Buffer.alloc(300_000, 'abc');
    const reader = new EnvelopeReader(payload.length);
    const framedPayload = frame(payload);
    let message: Buffer | undefined;
    let unreadMax = 0;
    for (let at = 0; at < framedPayload.length; at++) {
      reader.push(framedPayload.subarray(at, at + 1));
      message = reader.next()?.payload;
      unreadMax = Math.max(unreadMax, reader.unreadBytes);
    }
    expect(unreadMax).toBe(0);
    expect(message?.equals(payload)).toBe(true);
    expect(message?.buffer.byteLength).toBe(payload.length);
  });
});
