import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Http1Exchange } from './http1-exchange.ts';
import { type ListenerContext, serve } from './listener-context.ts';
import type { Connection } from './open-connections.ts';

const tooSlow = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/** A client's HTTP/1.1 connection: hands its requests to the handler, and keeps to the limits. */
export class Http1Connection implements Connection {
  readonly socket: Socket;
  readonly #endsAtMs: number;
  readonly #context: ListenerContext;
  /** The latest; what was pipelined before it is complete. */
  #request: IncomingMessage | undefined;
  #response: ServerResponse | undefined;
  #exchange: Http1Exchange | undefined;
  #openResponses = 0;
  #isGoingAway = false;
  #isEnding = false;
  #bytesSeen = 0;
  #progressAtMs = 0;

  constructor(socket: Socket, endsAtMs: number, context: ListenerContext) {
    this.socket = socket;
    this.#endsAtMs = endsAtMs;
    this.#context = context;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    this.#request = request;
    this.#response = response;
    const exchange = new Http1Exchange(request, response);
    this.#exchange = exchange;
    this.#openResponses++;
    this.#context.callsUnderWay.begin();
    response.once('close', () => {
      this.#openResponses--;
      this.#context.callsUnderWay.end();
    });
    if (this.#isGoingAway) response.shouldKeepAlive = false;
    serve(exchange, this.#context);
  }

  /** Looks who is slow. To be called every now and then. Node itself watches over idle connections and heads. */
  sweep(nowMs: number): void {
    const { socket } = this;
    if (this.#isEnding) {
      // Its client does not even read the rest.
      socket.destroy();
      return;
    }
    if (nowMs >= this.#endsAtMs) this.goAway();
    const request = this.#request;
    const bytesSeen = socket.bytesRead + socket.bytesWritten;
    if (!request || request.complete || bytesSeen !== this.#bytesSeen || this.#exchange?.isHeldBack) {
      this.#bytesSeen = bytesSeen;
      this.#progressAtMs = nowMs;
    } else if (nowMs - this.#progressAtMs >= this.#context.limits.bodyIdleMs) this.#cutOff();
  }

  /** Takes no new calls; the client hears of it with its next answer. */
  goAway(): void {
    if (this.#isGoingAway) return;
    this.#isGoingAway = true;
    const response = this.#response;
    if (this.#openResponses === 0) this.#end();
    else if (response && !response.headersSent) response.shouldKeepAlive = false;
  }

  #cutOff(): void {
    this.#context.counts.bodiesCutOff++;
    this.#request = undefined;
    if (this.#openResponses === 1 && !this.#response?.headersSent) this.socket.write(tooSlow);
    this.#end();
  }

  #end(): void {
    this.#isEnding = true;
    this.socket.destroySoon();
  }
}
