import { describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { callEnd, untilCallEnd } from './call-end.ts';
import { TestStream } from './testing.ts';

const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error) => ErrorReason[error.reason] ?? error.message,
  );

function call(deadlineMs?: number) {
  const abort = new AbortController();
  return { abort, signal: abort.signal, deadlineMs };
}

describe('the end of a call', () => {
  it('is none while nothing ended it', () => {
    expect(callEnd(call(0))).toBeUndefined();
  });

  it('is its deadline where that has passed, else its caller', () => {
    const ended = [undefined, Date.now() + 60_000, Date.now() - 1].map((deadlineMs) => {
      const { abort, ...rest } = call(deadlineMs);
      abort.abort();
      return ErrorReason[callEnd(rest)?.reason ?? 0];
    });
    expect(ended).toEqual(['CANCELLED', 'CANCELLED', 'DEADLINE_EXCEEDED']);
  });
});

describe('messages until the end of a call', () => {
  it('are those of their source, and its error', async () => {
    const source = new TestStream<number>();
    source.send(1, 2);
    const seen: number[] = [];
    const read = async () => {
      for await (const message of untilCallEnd(source, call())) seen.push(message);
    };
    source.fail(new Error('broken'));
    expect(await reasonOf(read())).toBe('broken');
    expect(seen).toEqual([1, 2]);
  });

  it('end with the call although their source waits', async () => {
    const { abort, ...rest } = call();
    const messages = untilCallEnd(new TestStream<number>(), rest)[Symbol.asyncIterator]();
    const next = reasonOf(messages.next());
    abort.abort();
    expect(await next).toBe('CANCELLED');
  });

  it('are none where the call had ended before', async () => {
    const { abort, ...rest } = call();
    abort.abort();
    const source = new TestStream<number>();
    source.send(1);
    const messages = untilCallEnd(source, rest)[Symbol.asyncIterator]();
    expect(await reasonOf(messages.next())).toBe('CANCELLED');
  });

  it('end their source when their reader leaves', async () => {
    let isEnded = false;
    const source = async function* () {
      try {
        for (;;) yield 1;
      } finally {
        isEnded = true;
      }
    };
    for await (const _message of untilCallEnd(source(), call())) break;
    await expect.poll(() => isEnded).toBe(true);
  });

  it('hold one listener at a time, and none afterwards', async () => {
    const { signal, deadlineMs } = call();
    let listeners = 0;
    let most = 0;
    const counting = new Proxy(signal, {
      get: (target, name) => {
        if (name === 'addEventListener') return () => (most = Math.max(most, ++listeners));
        if (name === 'removeEventListener') return () => listeners--;
        return Reflect.get(target, name, target);
      },
    });
    const source = new TestStream<number>();
    source.send(...Array(100).fill(1));
    source.end();
    for await (const _message of untilCallEnd(source, { signal: counting, deadlineMs }));
    expect({ most, listeners }).toEqual({ most: 1, listeners: 0 });
  });
});
