import type { Message } from '@bufbuild/protobuf';
import type { Clock } from '../../mesh/process/clock.ts';
import { isGone, type RestResponse } from './response.ts';

/** How long a stream is silent before it says that it is still there. */
const heartbeatMs = 15_000;

/** Where the messages of a stream go. */
export interface MessageSink {
  /** Sends a message when the client has room; false where it takes no more. */
  send(message: Message): Promise<boolean>;
  /** Tells the client that the stream is still there; undefined where its form has no words for it. */
  readonly beat: (() => Promise<unknown>) | undefined;
}

/**
 * Sends the messages, each as soon as it comes and not before the client has room. Ends early, and with it the call,
 * where the client is gone.
 */
export async function sendMessages(
  response: RestResponse,
  messages: AsyncIterable<Message>,
  sink: MessageSink,
  clock: Clock,
): Promise<void> {
  const iterator = messages[Symbol.asyncIterator]();
  const over = new AbortController();
  let giveUp = () => {};
  const onClose = () => giveUp();
  response.once('close', onClose);
  const pulse = { lastMs: clock.now(), isSending: false };
  const heart = sink.beat && keepBeating(pulse, sink.beat, clock, over.signal);
  try {
    while (!isGone(response)) {
      // A new promise for each message: one for all of them would remember each that was raced with it.
      const next = await new Promise<IteratorResult<Message> | undefined>((resolve, reject) => {
        giveUp = () => resolve(undefined);
        iterator.next().then(resolve, reject);
      });
      if (next === undefined || next.done) return;
      pulse.isSending = true;
      if (!(await sink.send(next.value))) return;
      pulse.isSending = false;
      pulse.lastMs = clock.now();
    }
  } finally {
    response.off('close', onClose);
    over.abort();
    // Not awaited: a generator that waits for its upstream ends only when the call's signal tells it to.
    iterator.return?.()?.catch(() => {});
    await heart;
  }
}

// One sleeper for the whole stream instead of a timer for each message. A client that has no room for a message has
// none for a sign of life either.
async function keepBeating(
  pulse: { lastMs: number; isSending: boolean },
  beat: () => Promise<unknown>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(Math.max(1, pulse.lastMs + heartbeatMs - clock.now()), signal);
    if (signal.aborted) return;
    const isSilent = clock.now() - pulse.lastMs >= heartbeatMs;
    if (isSilent && !pulse.isSending) await beat().catch(() => {});
    if (isSilent) pulse.lastMs = clock.now();
  }
}
