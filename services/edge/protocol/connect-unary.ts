import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type Compression, compressedBytesMin, deflate } from '../../mesh/framing/compression.ts';
import { EnvelopeReader } from '../../mesh/framing/envelope-reader.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import { answerBytesMax, type CallEnd, type ResponseSink } from '../data-path/call.ts';
import { httpStatusOf } from '../data-path/http-status.ts';
import type { Exchange, Fields } from '../listener/exchange.ts';
import { answerFields } from './answer-fields.ts';
import { readEncodings } from './call-encodings.ts';
import { connectError } from './connect-error.ts';
import type { MediaType } from './media-type.ts';
import { RpcCall } from './rpc-call.ts';
import type { RpcContext, RpcMethod } from './rpc-context.ts';
import { toRpcHead } from './rpc-head.ts';
import type { Transcoder } from './transcoder.ts';
import { UnaryFeed } from './unary-feed.ts';

/** Serves a unary call whose body is the bare message. */
export function serveConnectUnary(
  exchange: Exchange,
  rpc: RpcMethod,
  media: MediaType,
  context: RpcContext,
): void {
  const { head, error } = toRpcHead(exchange, 'connect', context);
  const { request, response, fields, error: encodingError } = readEncodings(exchange, 'connect');
  const transcoder = media.codec === 'json' ? rpc.json : undefined;
  const call = new RpcCall({ exchange, method: rpc.method, head, log: context.log });
  const { contentType } = media;
  const answer = new ConnectUnaryAnswer(call, { contentType, transcoder, compression: response, fields });
  const feed = new UnaryFeed(call, context.messageBytesMax, { compression: request, transcoder });
  call.start(rpc.forward, answer, feed, error ?? encodingError);
}

/** How the one message of an answer is written. */
export interface ConnectUnaryForm {
  readonly contentType: string;
  /** Undefined where the client speaks protobuf. */
  readonly transcoder: Transcoder | undefined;
  readonly compression: Compression;
  /** Header fields of every answer. */
  readonly fields: Fields;
}

/** The answer of a unary call in Connect's form: the bare message, or the error, with the status of HTTP. */
export class ConnectUnaryAnswer implements ResponseSink {
  readonly #call: RpcCall;
  readonly #form: ConnectUnaryForm;
  readonly #reader = new EnvelopeReader(answerBytesMax);
  #metadata: Fields = [];
  #message: Buffer | undefined;
  #messages = 0;

  constructor(call: RpcCall, form: ConnectUnaryForm) {
    this.#call = call;
    this.#form = form;
  }

  onHeaders(metadata: Fields): void {
    this.#metadata = metadata;
  }

  onData(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
      for (let envelope = this.#reader.next(); envelope; envelope = this.#reader.next()) {
        this.#messages++;
        this.#message = envelope.payload;
      }
    } catch (error) {
      this.#call.fail(error);
    }
  }

  onDrain(): void {
    this.#call.resumeRequests();
  }

  onEnd(end: CallEnd): void {
    if (end.code !== Code.OK) this.#sendError(end);
    else this.#sendMessage(end).catch((error) => this.#call.fail(error));
  }

  async #sendMessage(end: CallEnd): Promise<void> {
    if (!this.#message || this.#messages !== 1) {
      const message = `the service answered with ${this.#messages} messages; the method has one`;
      throw rpcError(ErrorReason.MESSAGE_COUNT_INVALID, message);
    }
    const { transcoder, compression, contentType } = this.#form;
    const plain = transcoder ? transcoder.toClient(this.#message) : this.#message;
    const isCompressed = compression !== 'identity' && plain.length >= compressedBytesMin;
    const body = isCompressed ? await deflate(compression, plain) : plain;
    const fields = asHeaders(end.trailers);
    if (isCompressed) fields.push('content-encoding', compression);
    this.#send(200, contentType, fields, body);
  }

  #sendError(end: CallEnd): void {
    const body = Buffer.from(JSON.stringify(connectError(end)));
    const fields = asHeaders(end.trailers);
    if (end.retryAfterMs !== undefined)
      fields.push('retry-after', String(Math.ceil(end.retryAfterMs / 1000)));
    this.#send(httpStatusOf(end.code), 'application/json', fields, body);
  }

  #send(status: number, contentType: string, fields: Fields, body: Buffer): void {
    const { exchange, head } = this.#call;
    const all = answerFields(contentType, head, this.#metadata).concat(this.#form.fields, fields);
    all.push('content-length', String(body.length));
    exchange.respond(status, all);
    exchange.end(body);
  }
}

/** Trailers of a unary call are header fields with a prefix. */
function asHeaders(trailers: Fields): string[] {
  return trailers.map((text, index) => (index % 2 === 0 ? `trailer-${text}` : text));
}
