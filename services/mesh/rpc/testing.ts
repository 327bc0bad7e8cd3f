import type { DescMethod, Message } from '@bufbuild/protobuf';
import { createLogger } from '../log/logger.ts';
import type { Channel } from './channel.ts';
import type { CallContext, Caller } from './context.ts';
import { createDispatcher } from './dispatcher.ts';
import { createInProcessChannel } from './in-process-channel.ts';
import { type BoundMethod, type BoundService, isStream, once } from './service.ts';

export const silentLog = createLogger('test', 'silent');

const self: Caller = { service: 'test', assertion: 'signed' };

/** A channel to handlers of a test, without sockets and keys. */
export function channelTo(...services: readonly BoundService[]): Channel {
  return createInProcessChannel(createDispatcher(services, silentLog), async () => self);
}

/** A handler of any kind of method: what it takes and gives are streams. */
export type StreamHandler = (
  requests: AsyncIterable<Message>,
  context: CallContext,
) => AsyncIterable<Message>;

/** Binds a method to it, whatever the contract says of streams. */
export function bindStreams(desc: DescMethod, handler: StreamHandler): BoundMethod {
  return { desc, handle: (input, context) => handler(isStream(input) ? input : once(input), context) };
}

/** Work whose end the test decides. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

export function deferred<T = void>(): Deferred<T> {
  return Promise.withResolvers<T>();
}

/** Messages that a test sends, one by one, as a stream. */
export class TestStream<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #wake = deferred();
  #isOver = false;
  #error: unknown;

  send(...items: T[]): void {
    this.#items.push(...items);
    this.#wake.resolve();
  }

  end(): void {
    this.#isOver = true;
    this.#wake.resolve();
  }

  fail(error: unknown): void {
    this.#error = error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      const [item] = this.#items.splice(0, 1);
      if (item !== undefined) yield item;
      else if (this.#error !== undefined) throw this.#error;
      else if (this.#isOver) return;
      else {
        await this.#wake.promise;
        this.#wake = deferred();
      }
    }
  }
}
