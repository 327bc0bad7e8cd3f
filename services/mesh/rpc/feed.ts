import type { Logger } from '../log/logger.ts';
import { pause } from '../process/pause.ts';

export interface FeedOptions<T> {
  readonly name: string;
  /** Opens the feed, from where the follower is. */
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  readonly onMessage: (message: T) => void;
  /** A feed that says nothing for this long is opened again. */
  readonly silenceMs: number;
  readonly log: Logger;
}

/** A follower of a feed. */
export interface Feed {
  /** How long ago the last message came, in milliseconds, whatever is done to the wall clock; Infinity before the first. */
  readonly silentForMs: number;
  close(): Promise<void>;
}

const retryFirstMs = 100;
const retryLastMs = 2_000;

/** Follows a server stream for good: opens it again, with back-off, whenever it ends, fails or falls silent. */
export function followFeed<T>({ name, open, onMessage, silenceMs, log }: FeedOptions<T>): Feed {
  const closed = new AbortController();
  let lastMessageMs = Number.NEGATIVE_INFINITY;
  let retryMs = retryFirstMs;

  const readOnce = async () => {
    const over = new AbortController();
    const end = () => over.abort();
    closed.signal.addEventListener('abort', end, { once: true });
    let silence = setTimeout(end, silenceMs);
    try {
      for await (const message of open(over.signal)) {
        clearTimeout(silence);
        silence = setTimeout(end, silenceMs);
        lastMessageMs = performance.now();
        retryMs = retryFirstMs;
        onMessage(message);
      }
    } finally {
      clearTimeout(silence);
      closed.signal.removeEventListener('abort', end);
    }
  };
  const run = async () => {
    while (!closed.signal.aborted) {
      try {
        await readOnce();
      } catch (err) {
        if (!closed.signal.aborted) log.warn({ err, feed: name, retryMs }, 'a feed broke');
      }
      await pause(retryMs, closed.signal);
      retryMs = Math.min(retryMs * 2, retryLastMs);
    }
  };
  const done = run();
  return {
    get silentForMs() {
      return performance.now() - lastMessageMs;
    },
    close: () => {
      closed.abort();
      return done;
    },
  };
}
