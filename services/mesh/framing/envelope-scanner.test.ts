import { describe, expect, it } from 'vitest';
import { fc } from '../properties.testing.ts';
import type { RpcError } from '../rpc/error.ts';
import { frame } from './envelope.ts';
import { EnvelopeReader } from './envelope-reader.ts';
import { EnvelopeScanner } from './envelope-scanner.ts';
import { cut, framed, readAll, reasonOf, someChunkSizes, someMessages } from './testing.ts';

const limits = { flagsAllowed: 0xff, messageBytesMax: 1000 };

function scanAll(chunks: readonly Buffer[], options = limits): EnvelopeScanner {
  const scanner = new EnvelopeScanner(options);
  for (const chunk of chunks) scanner.scan(chunk);
  return scanner;
}

describe('EnvelopeScanner', () => {
  it('counts the same messages wherever the stream is cut', () => {
    fc.assert(
      fc.property(someMessages, someChunkSizes, (messages, sizes) => {
        const scanner = scanAll(cut(framed(messages), sizes));
        scanner.end();
        expect(scanner.messages).toBe(messages.length);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('agrees with the reader on any bytes: as many messages, the same error, the same end', () => {
    // Zeros and ones make lengths that are plausible, so that more than the first header is read.
    const byte = fc.oneof({ weight: 3, arbitrary: fc.nat(1) }, fc.nat(255));
    const bytes = fc.array(byte, { maxLength: 80 }).map((values) => Buffer.from(values));
    fc.assert(
      fc.property(bytes, someChunkSizes, (stream, sizes) => {
        const chunks = cut(stream, sizes);
        const scanner = new EnvelopeScanner({ flagsAllowed: 0xff, messageBytesMax: 256 });
        const reader = new EnvelopeReader(256);
        for (const chunk of chunks) {
          const before = scanner.messages;
          let read = 0;
          const wrongScan = reasonOf(() => scanner.scan(chunk));
          expect(
            reasonOf(() => {
              reader.push(chunk);
              while (reader.next()) read++;
            }),
          ).toBe(wrongScan);
          expect(scanner.messages - before).toBe(read);
          if (wrongScan) return;
        }
        expect(reasonOf(() => scanner.end())).toBe(reasonOf(() => reader.end()));
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it('is at an end exactly where the reader is, at every cut of a stream', () => {
    const stream = framed([
      { flags: 0, payload: Buffer.from('one') },
      { flags: 1, payload: Buffer.alloc(0) },
      { flags: 0, payload: Buffer.from('three') },
    ]);
    const whole = new Set([0, 8, 13, stream.length]);
    for (let length = 0; length <= stream.length; length++) {
      const scanner = scanAll([stream.subarray(0, length)]);
      const reader = new EnvelopeReader(1000);
      readAll(reader, [stream.subarray(0, length)]);
      const expected = whole.has(length) ? undefined : 'MALFORMED_BODY';
      expect(reasonOf(() => scanner.end())).toBe(expected);
      expect(reasonOf(() => reader.end())).toBe(expected);
    }
  });

  it('refuses every flag that is not allowed and none that is', () => {
    for (const flagsAllowed of [0x00, 0x01, 0x03, 0x81]) {
      for (let flags = 0; flags <= 0xff; flags++) {
        const scan = () => scanAll([frame(Buffer.from('x'), flags)], { ...limits, flagsAllowed });
        expect(reasonOf(scan)).toBe((flags | flagsAllowed) === flagsAllowed ? undefined : 'MALFORMED_BODY');
      }
    }
  });

  it('refuses wrong flags in a later envelope of a chunk and in a header cut in two', () => {
    const stream = framed([
      { flags: 1, payload: Buffer.from('good') },
      { flags: 2, payload: Buffer.from('bad') },
    ]);
    const onlyCompressed = { ...limits, flagsAllowed: 1 };
    expect(reasonOf(() => scanAll([stream], onlyCompressed))).toBe('MALFORMED_BODY');
    expect(reasonOf(() => scanAll(cut(stream, [11, 1]), onlyCompressed))).toBe('MALFORMED_BODY');
  });

  it('refuses a length beyond the limit by its header alone, and says the limit', () => {
    expect(reasonOf(() => scanAll([frame(Buffer.alloc(1000))]))).toBeUndefined();
    const header = frame(Buffer.alloc(1001)).subarray(0, 5);
    for (const sizes of [[5], [1], [4, 1]]) {
      expect(reasonOf(() => scanAll(cut(header, sizes)))).toBe('MESSAGE_TOO_LARGE');
    }
    expect(() => scanAll([header])).toThrow(
      expect.objectContaining({ metadata: { limit_bytes: '1000' } }) as RpcError,
    );
  });

  it('reads lengths as unsigned: 4 GiB is too large, whole or cut', () => {
    const header = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
    for (const sizes of [[5], [1]]) {
      expect(reasonOf(() => scanAll(cut(header, sizes)))).toBe('MESSAGE_TOO_LARGE');
    }
  });
});
