import type { Socket } from 'node:net';
import type { Line, LoadRequest } from './line.ts';

/** HTTP/1.1 from ready-made bytes, one call at a time. Knows answers with Content-Length and chunked ones. */
export class Http1Line implements Line {
  readonly #socket: Socket;
  readonly #requests: readonly Buffer[];
  readonly #answerBytes: number | undefined;
  #onEnd: ((isSuccess: boolean) => void) | undefined;
  #answer = '';
  #sent = 0;

  constructor(socket: Socket, { path, headers, body, bodies = [body], answerBytes }: LoadRequest) {
    this.#socket = socket;
    this.#answerBytes = answerBytes;
    this.#requests = bodies.map((each) => {
      const lines = Object.entries({ host: '127.0.0.1', ...headers, 'content-length': each.length });
      const head = [`POST ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''];
      return Buffer.concat([Buffer.from(head.join('\r\n')), each]);
    });
    socket.setEncoding('latin1').on('data', (text) => this.#read(String(text)));
    socket.on('error', () => {});
    socket.on('close', () => this.#end(false));
  }

  get hasRoom(): boolean {
    return this.#onEnd === undefined;
  }

  send(onEnd: (isSuccess: boolean) => void): void {
    if (this.#socket.destroyed) {
      onEnd(false);
      return;
    }
    this.#onEnd = onEnd;
    this.#socket.write(this.#requests[this.#sent++ % this.#requests.length] ?? '');
  }

  close(): void {
    this.#socket.destroy();
  }

  #end(isSuccess: boolean): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    this.#answer = '';
    onEnd?.(isSuccess);
  }

  #read(text: string): void {
    this.#answer += text;
    const headEnd = this.#answer.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#answer.slice(0, headEnd);
    const body = this.#answer.slice(headEnd + 4);
    const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
    const isOver = length === undefined ? body.endsWith('0\r\n\r\n') : body.length >= Number(length);
    if (!isOver) return;
    const wanted = this.#answerBytes ?? body.length;
    const isWhole = length === undefined || body.length === wanted;
    this.#end(head.startsWith('HTTP/1.1 200 ') && isWhole);
  }
}
