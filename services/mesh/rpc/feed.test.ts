import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Feed, followFeed } from './feed.ts';
import { silentLog, TestStream } from './testing.ts';

let feed: Feed | undefined;
/** When it was opened, in milliseconds since the start. */
let openedMs: number[];
let heard: string[];
let stream: TestStream<string>;
let signals: AbortSignal[];
let startMs: number;

beforeEach(() => {
  vi.useFakeTimers();
  openedMs = [];
  heard = [];
  signals = [];
  startMs = Date.now();
});
afterEach(async () => {
  await feed?.close();
  vi.useRealTimers();
});

/** A channel's stream: it ends with its signal. */
async function* until(messages: AsyncIterable<string>, signal: AbortSignal): AsyncIterable<string> {
  const over = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(new Error('aborted'));
    signal.addEventListener('abort', () => reject(new Error('aborted')));
  });
  over.catch(() => {});
  const iterator = messages[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await Promise.race([iterator.next(), over]);
    if (done) return;
    yield value;
  }
}

function follow(onOpen: () => void = () => {}): Feed {
  feed = followFeed({
    name: 'test',
    open: (signal) => {
      openedMs.push(Date.now() - startMs);
      signals.push(signal);
      stream = new TestStream();
      onOpen();
      return until(stream, signal);
    },
    onMessage: (message: string) => {
      if (message === 'bad') throw new Error('bad message');
      heard.push(message);
    },
    silenceMs: 10_000,
    log: silentLog,
  });
  return feed;
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
async function say(message: string): Promise<void> {
  stream.send(message);
  await pass(0);
}

describe('a feed', () => {
  it('is heard in order', async () => {
    follow();
    await say('a');
    await say('b');
    expect(heard).toEqual(['a', 'b']);
    expect(openedMs).toEqual([0]);
  });

  it('knows how long it was silent: for ever before its first message', async () => {
    const { silentForMs } = follow();
    expect(silentForMs).toBe(Number.POSITIVE_INFINITY);
    await say('a');
    await pass(700);
    expect(feed?.silentForMs).toBe(700);
  });

  it('that cannot be opened is tried again, later each time, up to every two seconds', async () => {
    follow(() => {
      throw new Error('refused');
    });
    await pass(9_100);
    expect(openedMs).toEqual([0, 100, 300, 700, 1_500, 3_100, 5_100, 7_100, 9_100]);
  });

  it('that ends or breaks after it spoke is opened again soon', async () => {
    follow();
    await say('a');
    stream.end();
    await pass(100);
    await say('b');
    stream.fail(new Error('broken'));
    await pass(100);
    await say('bad');
    await pass(100);
    expect(openedMs).toEqual([0, 100, 200, 300]);
    expect(heard).toEqual(['a', 'b']);
  });

  it('that falls silent is closed and opened again', async () => {
    follow();
    await pass(9_999);
    await say('a');
    await pass(9_999);
    expect(signals[0]?.aborted).toBe(false);
    await pass(1);
    expect(signals[0]?.aborted).toBe(true);
    await pass(100);
    expect(openedMs).toEqual([0, 20_099]);
  });

  it('that is closed ends its stream and opens no other', async () => {
    const followed = follow();
    await say('a');
    await followed.close();
    expect(signals[0]?.aborted).toBe(true);
    await pass(60_000);
    expect(openedMs).toEqual([0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is closed while it waits to be opened again ends at once', async () => {
    const followed = follow(() => {
      throw new Error('refused');
    });
    await pass(50);
    await followed.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
