import { describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { fc } from '../properties.testing.ts';
import { rpcError } from '../rpc/error.ts';
import { compressionOf, deflate, inflate } from './compression.ts';
import { envelopeFlags, frame } from './envelope.ts';
import { FrameTransformer, type FrameTransformerOptions } from './frame-transformer.ts';
import { cut, framed, reasonOfError, someChunkSizes, someMessages } from './testing.ts';

/** A transformer that notes what comes out of it. */
function noting(options: Partial<FrameTransformerOptions> = {}) {
  const events: string[] = [];
  const out: Buffer[] = [];
  const over = Promise.withResolvers<void>();
  const transformer = new FrameTransformer({
    messageBytesMax: 1000,
    transform: (flags, payload) => frame(payload, flags),
    onFrame: (bytes) => {
      out.push(bytes);
      events.push('frame');
    },
    onEnd: () => {
      events.push('end');
      over.resolve();
    },
    onError: (error) => {
      events.push(reasonOfError(error));
      over.resolve();
    },
    onSpace: () => events.push('space'),
    ...options,
  });
  return { transformer, events, out, over: over.promise };
}

const letter = (text: string) => frame(Buffer.from(text));
const text = (out: readonly Buffer[]) => out.map((bytes) => bytes.subarray(5).toString()).join('');

/** A transform whose promises are settled by hand. */
function held() {
  const waiting: (() => void)[] = [];
  const transform = (flags: number, payload: Buffer) =>
    new Promise<Buffer>((resolve) => waiting.push(() => resolve(frame(payload, flags))));
  /** Settles what is under way, and lets what follows from that happen. */
  const settle = async () => {
    waiting.shift()?.();
    await new Promise(setImmediate);
  };
  return { waiting, transform, settle };
}

const someMixture = fc.tuple(
  someMessages,
  someChunkSizes,
  fc.array(fc.nat(3), { minLength: 1, maxLength: 9 }),
);

/** Transforms that answer at once or some microtasks or turns of the event loop later. */
function mixed(delays: readonly number[]): FrameTransformerOptions['transform'] {
  let calls = 0;
  return (flags, payload) => {
    const bytes = frame(payload, flags);
    const delay = delays[calls++ % delays.length];
    if (delay === 0) return bytes;
    if (delay === 1) return Promise.resolve(bytes);
    return new Promise((resolve) => setImmediate(resolve, bytes));
  };
}

describe('FrameTransformer', () => {
  it('gives everything at once while the transform does', () => {
    fc.assert(
      fc.property(someMessages, someChunkSizes, (messages, sizes) => {
        const { transformer, events, out } = noting();
        for (const chunk of cut(framed(messages), sizes)) expect(transformer.push(chunk)).toBe(true);
        transformer.end();
        expect(Buffer.concat(out)).toEqual(framed(messages));
        expect(events).toEqual([...messages.map(() => 'frame'), 'end']);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('keeps the order, and the end behind everything, whenever the transforms are done', async () => {
    await fc.assert(
      fc.asyncProperty(someMixture, async ([messages, sizes, delays]) => {
        const { transformer, events, out, over } = noting({ transform: mixed(delays) });
        for (const chunk of cut(framed(messages), sizes)) transformer.push(chunk);
        transformer.end();
        await over;
        expect(Buffer.concat(out)).toEqual(framed(messages));
        expect(events).toEqual([...messages.map(() => 'frame'), 'end']);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it('transforms one message at a time', async () => {
    const { waiting, transform, settle } = held();
    const { transformer, events, out } = noting({ transform });
    transformer.push(Buffer.concat(['a', 'b', 'c'].map(letter)));
    transformer.end();
    for (const done of ['a', 'ab', 'abc']) {
      expect(waiting).toHaveLength(1);
      await settle();
      expect(text(out)).toBe(done);
    }
    expect(events).toEqual(['frame', 'frame', 'frame', 'end']);
  });

  it('leaves out what the transform leaves out', () => {
    const { transformer, events, out } = noting({
      transform: (flags, payload) => (flags === envelopeFlags.trailers ? undefined : frame(payload)),
    });
    transformer.push(Buffer.concat([letter('a'), frame(Buffer.from('x'), 0x80), letter('b')]));
    transformer.end();
    expect(text(out)).toBe('ab');
    expect(events).toEqual(['frame', 'frame', 'end']);
  });

  it('inflates and frames again', async () => {
    const gzip = compressionOf('gzip');
    const transform: FrameTransformerOptions['transform'] = (flags, payload) => {
      if ((flags & envelopeFlags.compressed) === 0) return frame(payload);
      const plain = inflate(gzip, payload, 1_000_000);
      return plain instanceof Promise ? plain.then((bytes) => frame(bytes)) : frame(plain);
    };
    const { transformer, out, over } = noting({ transform, messageBytesMax: 100_000 });
    const payloads = ['small', 'large '.repeat(50_000), 'plain'].map((each) => Buffer.from(each));
    for (const [index, payload] of payloads.entries()) {
      const isPlain = index === 2;
      transformer.push(isPlain ? frame(payload) : frame(await deflate(gzip, payload), 1));
    }
    transformer.end();
    await over;
    const expected = Buffer.concat(payloads.map((payload) => frame(payload)));
    expect(Buffer.concat(out).equals(expected)).toBe(true);
  });

  describe('holds the source back', () => {
    const chunk = Buffer.concat(Array.from({ length: 40 }, () => frame(Buffer.alloc(1000))));

    it('while more than 64 KiB wait, and tells once when there is room', async () => {
      const { waiting, transform, settle } = held();
      const { transformer, events, out } = noting({ transform });
      expect(transformer.push(chunk)).toBe(true);
      expect(transformer.push(chunk)).toBe(false);
      expect(transformer.isFull).toBe(true);
      while (waiting.length > 0) {
        const wasFull = transformer.isFull;
        await settle();
        expect(events.at(-1)).toBe(wasFull && !transformer.isFull ? 'space' : 'frame');
      }
      expect(out).toHaveLength(80);
      expect(events.filter((event) => event === 'space')).toHaveLength(1);
    });

    it('while many tiny chunks wait, which hold more memory than their bytes', () => {
      const { transformer } = noting({ transform: held().transform });
      let pushed = 1;
      transformer.push(letter('a'));
      while (transformer.push(Buffer.from([0])) && pushed < 10_000) pushed++;
      expect(pushed).toBeGreaterThan(100);
      expect(pushed).toBeLessThan(1000);
    });

    it('and takes it up again where the beginning of a large message was in the way', async () => {
      const { transform, settle } = held();
      const { transformer, events } = noting({ transform, messageBytesMax: 200_000 });
      const large = frame(Buffer.alloc(150_000));
      transformer.push(letter('a'));
      expect(transformer.push(large.subarray(0, 100_000))).toBe(false);
      await settle();
      expect(events).toEqual(['frame', 'space']);
      expect(transformer.push(large.subarray(100_000))).toBe(true);
    });

    it('so that a source that heeds it loses nothing and is never stuck', async () => {
      const sizes = fc.array(fc.integer({ min: 0, max: 120_000 }), { minLength: 1, maxLength: 6 });
      const delays = fc.array(fc.nat(3), { minLength: 1, maxLength: 9 });
      await fc.assert(
        fc.asyncProperty(
          sizes,
          fc.integer({ min: 1000, max: 70_000 }),
          delays,
          async (lengths, size, wait) => {
            const messages = lengths.map((length, index) => ({
              flags: 0,
              payload: Buffer.alloc(length, index + 1),
            }));
            const chunks = cut(framed(messages), [size, 5, 300]);
            const feed = () => {
              for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
                if (!transformer.push(chunk)) return;
              }
              transformer.end();
            };
            const { transformer, out, over } = noting({
              transform: mixed(wait),
              messageBytesMax: 200_000,
              onSpace: feed,
            });
            feed();
            await over;
            expect(Buffer.concat(out).equals(framed(messages))).toBe(true);
          },
        ),
        { seed: 3, numRuns: 60 },
      );
    });
  });

  it('begins no message while it is paused, within a chunk too', () => {
    let limit = 2;
    const { transformer, events, out } = noting({
      onFrame: (bytes) => {
        out.push(bytes);
        if (out.length >= limit) transformer.pause();
      },
    });
    transformer.push(Buffer.concat([...'abcde'].map(letter)));
    transformer.end();
    expect(text(out)).toBe('ab');
    limit = 4;
    transformer.resume();
    expect(text(out)).toBe('abcd');
    expect(events).toEqual([]);
    limit = 9;
    transformer.resume();
    expect(text(out)).toBe('abcde');
    expect(events).toEqual(['end']);
  });

  it('takes a push and the end from within onFrame, in order', () => {
    const { transformer, events, out } = noting({
      onFrame: (bytes) => {
        out.push(bytes);
        if (out.length > 2) return;
        transformer.push(letter('c'));
        if (out.length === 2) transformer.end();
      },
    });
    transformer.push(Buffer.concat([letter('a'), letter('b')]));
    expect(text(out)).toBe('abcc');
    expect(events).toEqual(['end']);
  });

  describe('fails once and then says nothing more', () => {
    const broken: [string, Buffer, string][] = [
      ['a stream cut off', letter('abc').subarray(0, 6), 'MALFORMED_BODY'],
      ['a stream cut off in a header', letter('abc').subarray(0, 3), 'MALFORMED_BODY'],
      ['a message too large', frame(Buffer.alloc(1001)), 'MESSAGE_TOO_LARGE'],
    ];
    it.each(broken)('for %s', (_, bytes, reason) => {
      const { transformer, events } = noting();
      transformer.push(Buffer.concat([letter('a'), bytes]));
      transformer.end();
      transformer.push(letter('b'));
      transformer.end();
      expect(events).toEqual(['frame', reason]);
    });

    it('for a transform that throws or rejects; what came before it is out', async () => {
      const error = rpcError(ErrorReason.INVALID_REQUEST, 'no');
      const fail = [
        () => {
          throw error;
        },
        () => Promise.reject(error),
      ];
      for (const each of fail) {
        const transform = (_: number, payload: Buffer) =>
          payload.toString() === 'b' ? each() : Promise.resolve(frame(payload));
        const { transformer, events, over } = noting({ transform });
        transformer.push(Buffer.concat(['a', 'b', 'c'].map(letter)));
        transformer.end();
        await over;
        await new Promise(setImmediate);
        expect(events).toEqual(['frame', 'INVALID_REQUEST']);
      }
    });

    it('with INTERNAL for an error that is none of ours', () => {
      const { transformer, events } = noting({
        transform: () => {
          throw new TypeError('a bug');
        },
      });
      transformer.push(letter('a'));
      expect(events).toEqual(['INTERNAL']);
    });
  });

  it('says nothing more once it is closed', async () => {
    const { transform, settle } = held();
    const { transformer, events } = noting({ transform });
    transformer.push(Buffer.concat([letter('a'), letter('b')]));
    transformer.close();
    transformer.end();
    await settle();
    expect(events).toEqual([]);
    expect(transformer.isFull).toBe(false);
  });
});
