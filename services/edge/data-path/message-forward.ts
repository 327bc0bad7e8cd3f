import { type DescMessage, type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type Envelope, frame } from '../../mesh/framing/envelope.ts';
import { EnvelopeReader } from '../../mesh/framing/envelope-reader.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { Forward, ForwardBytes } from '../inbound-call.ts';
import type { MethodTable } from '../method-table.ts';
import { answerBytesMax, type CallEnd, type RequestStream, type ResponseSink } from './call.ts';
import { fromCallEnd } from './call-end.ts';

/** Answers are held up to this many bytes beyond one message before the service is held back. */
const heldBytesMax = 256 * 1024;

/** Makes a message of its bytes. Throws where they are none. */
export type Decode = (desc: DescMessage, bytes: Uint8Array) => Message;

/** The data path for protocols that need messages. Answers are decoded by protobuf-es, or by `decode`. */
export function createMessageForward(
  table: MethodTable,
  forward: ForwardBytes,
  decode: Decode = fromBinary,
): Forward {
  return async function* (method, requests, call) {
    const responses = new Responses(({ payload }) => decode(method.output, payload));
    const stream = forward(table.get(method), call, responses);
    responses.stream = stream;
    const cancel = () => {
      stream.cancel();
      responses.fail(rpcError(ErrorReason.CANCELLED, 'the caller gave up'));
    };
    call.signal.addEventListener('abort', cancel, { once: true });
    if (call.signal.aborted) cancel();
    // Not waited for: the service may answer before all requests came.
    send(method, requests, stream, responses).catch((error: unknown) => {
      stream.cancel();
      responses.fail(error);
    });
    try {
      for (;;) {
        const message = responses.take() ?? (await responses.next());
        if (!message) return;
        yield message;
      }
    } finally {
      call.signal.removeEventListener('abort', cancel);
      stream.cancel();
    }
  };
}

/** Sends the requests as fast as the service takes them. */
async function send(
  method: DescMethod,
  requests: AsyncIterable<Message>,
  stream: RequestStream,
  responses: Responses,
): Promise<void> {
  for await (const request of requests) {
    if (responses.isOver) return;
    if (!stream.write(frame(toBinary(method.input, request)))) await responses.drained();
  }
  stream.end();
}

/** The answer of a service, read message by message. */
class Responses implements ResponseSink {
  readonly #decode: (envelope: Envelope) => Message;
  readonly #reader = new EnvelopeReader(answerBytesMax);
  stream: RequestStream | undefined;
  #end: CallEnd | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #drained: (() => void) | undefined;
  #isHeldBack = false;

  constructor(decode: (envelope: Envelope) => Message) {
    this.#decode = decode;
  }

  get isOver(): boolean {
    return this.#end !== undefined || this.#failure !== undefined;
  }

  onHeaders(): void {}

  onData(chunk: Buffer): void {
    this.#reader.push(chunk);
    if (this.#reader.unreadBytes > heldBytesMax) {
      this.#isHeldBack = true;
      this.stream?.pause();
    }
    this.#wake?.();
  }

  onDrain(): void {
    this.#drained?.();
  }

  onEnd(end: CallEnd): void {
    this.#end = end;
    this.#wake?.();
    this.#drained?.();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
    this.#drained?.();
  }

  /** Resolves when more requests may be written, or none are wanted any more. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      if (this.isOver) resolve();
    });
  }

  /** The next message where it is here already. */
  take(): Message | undefined {
    if (this.#failure) throw this.#failure.error;
    const envelope = this.#reader.next();
    // Here too where no message is complete: the beginning of a large one may have been in the way.
    if (this.#isHeldBack && this.#reader.unreadBytes <= heldBytesMax) {
      this.#isHeldBack = false;
      this.stream?.resume();
    }
    if (!envelope) return undefined;
    return this.#decode(envelope);
  }

  /** The next message when it is here; undefined after the last. Throws what the call ended with. */
  async next(): Promise<Message | undefined> {
    for (;;) {
      const message = this.take();
      if (message) return message;
      if (this.#end) {
        if (this.#end.code !== Code.OK) throw fromCallEnd(this.#end);
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
