import type { CallEnd, ResponseSink } from '../data-path/call.ts';
import type { Fields } from '../listener/exchange.ts';
import { answerFields } from './answer-fields.ts';
import type { RpcCall } from './rpc-call.ts';

/** What a protocol that frames its messages makes of an answer. */
export interface FramedForm {
  readonly contentType: string;
  /** Header fields of every answer, such as the compression of its messages. */
  readonly fields: Fields;
  /** What a piece of the body looks like on the wire, where that is not as it is. */
  readonly encode: ((chunk: Buffer) => Buffer) | undefined;
  /** Ends an answer; it may be that nothing was sent before. */
  readonly end: (answer: FramedAnswer, end: CallEnd) => void;
}

/** The messages of an answer on their way to a client, framed as gRPC frames them. */
export class FramedAnswer implements ResponseSink {
  readonly call: RpcCall;
  readonly #form: FramedForm;
  #end: CallEnd | undefined;

  constructor(call: RpcCall, form: FramedForm) {
    this.call = call;
    this.#form = form;
  }

  onHeaders(metadata: Fields): void {
    this.call.exchange.respond(200, this.headFields(metadata));
  }

  onData(chunk: Buffer): void {
    const { answerPipe } = this.call;
    if (answerPipe) this.call.pipeAnswer(answerPipe, chunk);
    else this.send(chunk);
  }

  onDrain(): void {
    this.call.resumeRequests();
  }

  onEnd(end: CallEnd): void {
    this.#end = end;
    const { answerPipe, hasFailed } = this.call;
    if (answerPipe && !hasFailed) answerPipe.end();
    else this.finish();
  }

  /** Sends a piece of the body. */
  send(chunk: Buffer): void {
    this.call.answer(this.#form.encode ? this.#form.encode(chunk) : chunk);
  }

  /** Sends the end: everything before it was sent. */
  finish(): void {
    if (this.#end) this.#form.end(this, this.#end);
  }

  /** The header fields of the answer. */
  headFields(metadata: Fields): Fields {
    const fields = answerFields(this.#form.contentType, this.call.head, metadata);
    return this.#form.fields.length === 0 ? fields : fields.concat(this.#form.fields);
  }
}
