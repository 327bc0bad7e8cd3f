import type { FrameTransformer } from '../../mesh/framing/frame-transformer.ts';
import type { Logger } from '../../mesh/log/logger.ts';
import type { RpcError } from '../../mesh/rpc/error.ts';
import type { RequestStream, ResponseSink } from '../data-path/call.ts';
import { toCallEnd } from '../data-path/call-end.ts';
import { toLoggedError } from '../data-path/logged-error.ts';
import type { ForwardBytes, InboundHead } from '../inbound-call.ts';
import type { BodyReader, Exchange } from '../listener/exchange.ts';
import type { PublicMethod } from '../method-table.ts';

export interface RpcCallOptions {
  readonly exchange: Exchange;
  readonly method: PublicMethod;
  readonly head: InboundHead;
  readonly log: Logger;
}

/** A call between its exchange with the client and its way to the service; each side holds the other back. */
export class RpcCall {
  readonly exchange: Exchange;
  readonly method: PublicMethod;
  readonly head: InboundHead;
  /** What changes the messages on their way, where they do not pass as they are. */
  requestPipe: FrameTransformer | undefined;
  answerPipe: FrameTransformer | undefined;
  hasFailed = false;
  readonly #log: Logger;
  #answer: ResponseSink | undefined;
  #requests: RequestStream | undefined;
  #isOver = false;

  constructor({ exchange, method, head, log }: RpcCallOptions) {
    this.exchange = exchange;
    this.method = method;
    this.head = head;
    this.#log = log;
    exchange.watch({ onDrain: () => this.#resumeAnswer(), onGone: () => this.cancel() });
  }

  /** Sends the call on its way and reads its body; where it is wrong already, answers that. */
  start(forward: ForwardBytes, answer: ResponseSink, feed: BodyReader, error?: RpcError): void {
    this.#answer = answer;
    if (error) {
      this.fail(error);
      return;
    }
    this.#requests = forward(this.method, this.head, answer);
    this.exchange.read(feed);
  }

  /** Sends a piece of the requests; the client is held back while the service is slower. */
  send(chunk: Buffer): void {
    if (this.#isOver || this.#requests?.write(chunk) !== false) return;
    this.requestPipe?.pause();
    this.exchange.pause();
  }

  /** The service takes more requests. */
  resumeRequests(): void {
    this.requestPipe?.resume();
    if (!this.requestPipe?.isFull) this.exchange.resume();
  }

  /** No more requests come. */
  endRequests(): void {
    if (!this.#isOver) this.#requests?.end();
  }

  /** Sends a piece of the answer's body; the service is held back while the client is slower. */
  answer(chunk: Buffer): void {
    if (this.exchange.write(chunk)) return;
    this.answerPipe?.pause();
    this.#requests?.pause();
  }

  /** Sends an answer's piece through its pipe. */
  pipeAnswer(pipe: FrameTransformer, chunk: Buffer): void {
    if (!pipe.push(chunk)) this.#requests?.pause();
  }

  #resumeAnswer(): void {
    this.answerPipe?.resume();
    if (!this.answerPipe?.isFull) this.#requests?.resume();
  }

  /** The answer's pipe has room again. */
  resumeService(): void {
    this.#requests?.resume();
  }

  /** The client gave up. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.requestPipe?.close();
    this.answerPipe?.close();
    this.#requests?.cancel();
  }

  /** Ends the call with an error that was found at the edge. */
  fail(thrown: unknown): void {
    if (this.#isOver) return;
    const { requestId } = this.head;
    const error = toLoggedError(thrown, { requestId, path: this.method.path }, this.#log);
    this.hasFailed = true;
    this.cancel();
    this.#answer?.onEnd(toCallEnd(error, requestId));
  }
}
