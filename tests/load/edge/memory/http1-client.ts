import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ScriptedRequest } from './requests.ts';

export interface Http1CallOptions {
  readonly port: number;
  readonly apiKey: string;
  readonly address?: string;
  /** Of the body, where more of it follows. */
  readonly contentLength?: number;
}

/** A call over HTTP/1.1 on a connection of its own, whose answer is read when it is asked for. */
export class Http1Call {
  readonly socket: Socket;
  receivedBytes = 0;
  /** Bytes of the body that the system took. */
  sentBytes = 0;
  #tail = '';
  #goal: { readonly bytes: number; readonly reach: (isReached: boolean) => void } | undefined;
  readonly #ended = Promise.withResolvers<boolean>();

  /** Sends the request; reads nothing yet. */
  static async open(request: ScriptedRequest, options: Http1CallOptions): Promise<Http1Call> {
    const { port, apiKey, address = '127.0.0.1', contentLength = request.body.length } = options;
    const socket = connect({ port, host: '127.0.0.1', localAddress: address, noDelay: true });
    await once(socket, 'connect');
    const headers = { host: '127.0.0.1', ...request.headers, authorization: `Bearer ${apiKey}` };
    const fields = Object.entries({ ...headers, 'content-length': contentLength });
    const lines = [`POST ${request.path} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)];
    socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), request.body]));
    return new Http1Call(socket);
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ended.resolve(false);
      this.#goal?.reach(false);
    });
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.pause();
  }

  /** Resolves when the answer is over: true where it came to its end. Only chunked answers tell. */
  get ended(): Promise<boolean> {
    return this.#ended.promise;
  }

  read(): void {
    this.socket.resume();
  }

  /** Reads until so many bytes more came, and no further; false where the connection ended before. */
  async readSome(bytes: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#goal = { bytes: this.receivedBytes + bytes, reach: resolve };
    this.socket.resume();
    return promise;
  }

  /** Sends so many bytes of a body as fast as the edge takes them. */
  async upload(part: Buffer, bytes: number): Promise<void> {
    for (let left = bytes; left > 0 && !this.socket.destroyed; ) {
      const piece = part.subarray(0, Math.min(part.length, left));
      left -= piece.length;
      await new Promise<void>((resolve) => {
        this.socket.write(piece, () => resolve());
      });
      this.sentBytes += piece.length;
    }
  }

  close(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.receivedBytes += chunk.length;
    if (this.#goal && this.receivedBytes >= this.#goal.bytes) {
      this.socket.pause();
      this.#goal.reach(true);
      this.#goal = undefined;
    }
    this.#tail = (this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - 8))).slice(-8);
    if (this.#tail.endsWith('\r\n0\r\n\r\n')) this.#ended.resolve(true);
  }
}
