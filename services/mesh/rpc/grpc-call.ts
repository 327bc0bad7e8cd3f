import { type Message, toBinary } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { acceptEncoding } from '../framing/compression.ts';
import { type Envelope, frame } from '../framing/envelope.ts';
import { messageTooLarge } from '../framing/envelope-error.ts';
import type { Fields, Stream, StreamListener } from '../http2/stream.ts';
import type { Verifier } from '../identity/assertion.ts';
import type { Logger } from '../log/logger.ts';
import type { Caller } from './context.ts';
import type { DeadlineWatch, Expiring } from './deadline-watch.ts';
import type { Dispatcher, IncomingCall } from './dispatcher.ts';
import { type Answer, EncodedMessage } from './encoded-message.ts';
import { RpcError, rpcError, toRpcError } from './error.ts';
import { parseGrpcTimeout } from './grpc-timeout.ts';
import { isRequestId } from './headers.ts';
import { IncomingHead } from './incoming-head.ts';
import { messageBytesMax } from './limits.ts';
import { MessageDecoder } from './message-decoder.ts';
import { OneRequest } from './one-request.ts';
import { RequestMessages, type RequestMessagesOwner } from './request-messages.ts';
import type { ServedMethod } from './served-method.ts';
import { type Input, isStream } from './service.ts';
import { toTrailers } from './status.ts';
import { childTrace, type TraceContext } from './trace.ts';

/** What calls need of their server. */
export interface CallServer {
  readonly dispatcher: Dispatcher;
  readonly verifier: Verifier;
  readonly deadlines: DeadlineWatch;
  readonly log: Logger;
}

const answerHead: Fields = [':status', '200', 'content-type', 'application/grpc+proto'];
const okTrailers: Fields = ['grpc-status', '0'];

/**
 * A gRPC call on an HTTP/2 stream. Held in between: one request, or 64 KiB of a stream of them beside one message; of
 * the answers what the stream holds beyond the client's window.
 */
export class GrpcCall implements StreamListener, IncomingCall, Expiring, RequestMessagesOwner {
  readonly requestId: string;
  readonly clientAddress: string;
  /** Set before any handler hears of the call. */
  caller!: Caller;
  deadlineMs: number | undefined;
  readonly #stream: Stream;
  readonly #server: CallServer;
  readonly #head: IncomingHead;
  #method!: ServedMethod;
  #decoder!: MessageDecoder;
  #isVerified = false;
  /** The requests, of which one is wanted, or many. */
  #one: OneRequest | undefined;
  #many: RequestMessages | undefined;
  /** The one request, when it is complete. */
  #request: Envelope | undefined;
  #hasHead = false;
  /** Nothing more will be said by us. */
  #isOver = false;
  #abort: AbortController | undefined;
  #isAborted = false;
  #trace: TraceContext | undefined;
  #onRoom: (() => void) | undefined;

  constructor(stream: Stream, fields: Fields, server: CallServer) {
    const head = new IncomingHead(fields);
    this.#stream = stream;
    this.#server = server;
    this.#head = head;
    this.requestId = isRequestId(head.requestId) ? head.requestId : crypto.randomUUID();
    this.clientAddress = head.clientAddress ?? '';
    stream.listener = this;
  }

  /** Aborts when the client gave up or the deadline passed. Made for who asks. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isAborted) this.#abort.abort();
    return this.#abort.signal;
  }

  get trace(): TraceContext {
    this.#trace ??= childTrace(this.#head.traceparent);
    return this.#trace;
  }

  /** Looks at the head. The rest follows when the request came. */
  begin(): void {
    if (this.#head.method !== 'POST') this.#refuse('405');
    else if (!this.#head.contentType?.startsWith('application/grpc')) this.#refuse('415');
    else this.#attempt(() => this.#takeHead());
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#one) this.#attempt(() => this.#one?.write(chunk));
    else if (this.#many?.write(chunk) === false) this.#stream.pause();
  }

  onEnd(): void {
    if (this.#isOver) return;
    if (!this.#one) this.#many?.end();
    else
      this.#attempt(() => {
        this.#request = this.#one?.end();
        this.#runOne();
      });
  }

  /** Trailers, of which gRPC has none for requests. */
  onFields(): void {
    this.onEnd();
  }

  onReset(): void {
    this.#cancel();
    this.#finish();
  }

  onDrain(): void {
    this.#onRoom?.();
  }

  onRoom(): void {
    this.#stream.resume();
  }

  onBroken(error: unknown): void {
    this.#cancel();
    this.#fail(error);
  }

  expire(): void {
    this.#cancel();
    this.#fail(rpcError(ErrorReason.DEADLINE_EXCEEDED, "the call's deadline passed"));
  }

  /** An error ends the call. */
  #attempt(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #takeHead(): void {
    const { path = '', encoding, timeout, assertion } = this.#head;
    const { dispatcher, deadlines, verifier } = this.#server;
    const method = dispatcher.find(path);
    if (!method) throw rpcError(ErrorReason.METHOD_NOT_FOUND, `no method ${path}`);
    if (timeout !== undefined) {
      this.deadlineMs = Date.now() + parseGrpcTimeout(timeout);
      deadlines.add(this, this.deadlineMs);
    }
    this.#method = method;
    this.#decoder = new MessageDecoder(method.desc.input, encoding);
    if (method.takesStream) this.#many = new RequestMessages(this.#decoder, this);
    else this.#one = new OneRequest();
    const caller = verifier(assertion);
    if (!(caller instanceof Promise)) this.#onVerified(caller);
    else {
      caller.then(
        (known) => this.#onVerified(known),
        (error) => this.#fail(error),
      );
    }
  }

  #onVerified(caller: Caller): void {
    this.caller = caller;
    this.#isVerified = true;
    if (this.#many) this.#run(this.#many);
    else this.#attempt(() => this.#runOne());
  }

  #runOne(): void {
    if (!this.#isVerified || !this.#request) return;
    const message = this.#decoder.decode(this.#request);
    if (!(message instanceof Promise)) this.#run(message);
    else {
      message.then(
        (inflated: Message) => this.#run(inflated),
        (error: unknown) => this.#fail(error),
      );
    }
  }

  #run(input: Input): void {
    if (this.#isOver) return;
    const output = this.#method.run(input, this);
    if (isStream(output)) void this.#sendAll(output);
    else void this.#sendOne(output);
  }

  async #sendOne(output: Promise<Answer>): Promise<void> {
    try {
      const answer = await output;
      if (this.#isOver) return;
      this.#send(answer);
      this.#end(okTrailers);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  async #sendAll(answers: AsyncIterable<Answer>): Promise<void> {
    try {
      for await (const answer of answers) {
        if (this.#isOver) return;
        if (!this.#send(answer)) await this.#untilRoom();
      }
      if (!this.#isOver) this.#end(okTrailers);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** False: wait until there is room. */
  #send(answer: Answer): boolean {
    const bytes =
      answer instanceof EncodedMessage ? answer.bytes : toBinary(this.#method.desc.output, answer);
    if (bytes.length > messageBytesMax) throw messageTooLarge(messageBytesMax);
    if (!this.#hasHead) this.#stream.sendFields(answerHead, false);
    this.#hasHead = true;
    return this.#stream.write(frame(bytes));
  }

  #untilRoom(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }

  #fail(thrown: unknown): void {
    if (this.#isOver) return;
    const error = toRpcError(thrown);
    if (!(thrown instanceof RpcError)) {
      this.#server.log.error(
        { err: thrown, requestId: this.requestId, path: this.#head.path },
        error.message,
      );
    }
    const trailers = toTrailers(error, this.requestId);
    const isEncoding = error.reason === ErrorReason.ENCODING_UNSUPPORTED;
    this.#end(isEncoding ? [...trailers, 'grpc-accept-encoding', acceptEncoding] : trailers);
  }

  /** Ends the answer; where it has not begun, one list of fields is all of it. */
  #end(trailers: Fields): void {
    this.#finish();
    if (this.#hasHead) this.#stream.end(trailers);
    else this.#stream.sendFields([...answerHead, ...trailers], true);
  }

  /** Answers what is no gRPC. */
  #refuse(status: string): void {
    this.#finish();
    this.#stream.sendFields([':status', status, 'content-length', '0'], true);
  }

  /** Tells the handler, if any, that nobody waits for it. */
  #cancel(): void {
    if (this.#isOver) return;
    this.#isAborted = true;
    this.#abort?.abort();
  }

  #finish(): void {
    this.#isOver = true;
    if (this.deadlineMs !== undefined) this.#server.deadlines.delete(this);
    this.#one = undefined;
    this.#onRoom?.();
    // What the client still sends is discarded; held, it would keep the stream open.
    this.#stream.resume();
  }
}
