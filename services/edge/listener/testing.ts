import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import type { AnswerWatcher, Exchange } from './exchange.ts';
import type { HttpHandler, RequestHandler } from './listener-context.ts';
import { listenOnePort, type OnePort, type OnePortOptions } from './one-port.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

/** Ends something after the test, the latest first. */
export function closeAfterTest(close: () => unknown): void {
  toClose.push(close);
}

/** Listens until the test ends. What is not said is refused or has its default. */
export async function listen(
  handler: Partial<RequestHandler>,
  options: Partial<Omit<OnePortOptions, 'handler'>> = {},
): Promise<OnePort> {
  const refuse: HttpHandler = (_request, response) => {
    response.statusCode = 404;
    response.end();
  };
  const complete = { rpc: () => false, http: refuse, ...handler };
  const port = await listenOnePort({ port: 0, host: '127.0.0.1', ...options, handler: complete });
  closeAfterTest(() => port.close(0));
  return port;
}

/** A handler for calls, and a promise of each as it comes. */
export function takeCalls(): { readonly rpc: RequestHandler['rpc']; next(): Promise<Exchange> } {
  const calls: Exchange[] = [];
  const waiting: ((exchange: Exchange) => void)[] = [];
  return {
    rpc: (exchange) => {
      const take = waiting.shift();
      if (take) take(exchange);
      else calls.push(exchange);
      return true;
    },
    next: () =>
      new Promise((resolve) => {
        const exchange = calls.shift();
        if (exchange) resolve(exchange);
        else waiting.push(resolve);
      }),
  };
}

/** Watches an answer, and reads the body of its request. */
export function follow(exchange: Exchange) {
  let body = '';
  let goneCount = 0;
  let end = () => {};
  let gone = () => {};
  let drain = () => {};
  const followed = {
    /** Resolves with all of it when it is complete. */
    body: new Promise<string>((resolve) => {
      end = () => resolve(body);
    }),
    gone: new Promise<void>((resolve) => {
      gone = resolve;
    }),
    drained: new Promise<void>((resolve) => {
      drain = resolve;
    }),
    get bodySoFar() {
      return body;
    },
    get goneCount() {
      return goneCount;
    },
    isBodyComplete: false,
  };
  const watcher: AnswerWatcher = {
    onDrain: () => drain(),
    onGone: () => {
      goneCount++;
      gone();
    },
  };
  exchange.watch(watcher);
  exchange.read({
    onChunk: (chunk) => {
      body += chunk.toString('latin1');
    },
    onEnd: () => {
      followed.isBodyComplete = true;
      end();
    },
  });
  return followed;
}

export interface Dialled {
  readonly socket: Socket;
  /** All that came so far. */
  readonly text: string;
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>;
}

/** Opens a connection. */
export async function dial({ port }: { readonly port: number }): Promise<Dialled> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    for (const event of ['end', 'close']) socket.once(event, () => resolve());
  });
  closeAfterTest(() => socket.destroy());
  await once(socket, 'connect');
  return {
    socket,
    ended,
    get text() {
      return text;
    },
  };
}
