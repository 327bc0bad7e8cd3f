import {
  create,
  type DescMethod,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { frame } from '../../mesh/framing/envelope.ts';
import { EnvelopeReader } from '../../mesh/framing/envelope-reader.ts';
import { methodPath } from '../../mesh/policy/method-policy.ts';
import { deferred } from '../../mesh/rpc/testing.ts';
import type { Fields } from '../listener/exchange.ts';
import type { UpstreamEnd, UpstreamRequest, UpstreamSink } from './upstream.ts';

/** A request to Query as a protocol would present it, unless told otherwise. */
export function upstreamRequest(changes: Partial<UpstreamRequest> = {}): UpstreamRequest {
  const method = changes.method ?? GraphService.method.query;
  return {
    method,
    path: methodPath(method),
    caller: undefined,
    requestId: 'request-1',
    clientAddress: '192.0.2.7',
    deadlineMs: Date.now() + 3_600_000,
    trace: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true },
    metadata: [],
    ...changes,
  };
}

/** A message as it goes over the wire. */
export function framed<M extends DescMethod>(method: M, message: MessageInitShape<M['input']>): Buffer {
  return frame(toBinary(method.input, create(method.input, message)));
}

/** Notes what an upstream tells, and whether it tells anything that it must not. */
export class TestSink implements UpstreamSink {
  /** What was told against the rules. */
  readonly violations: string[] = [];
  readonly chunks: Buffer[] = [];
  metadata: Fields | undefined;
  readonly ended: Promise<UpstreamEnd>;
  readonly #end = deferred<UpstreamEnd>();
  #isSilent = false;
  #bytes = 0;
  #wake = deferred();
  #drained = deferred();

  constructor() {
    this.ended = this.#end.promise;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** From here on nothing may be told any more. */
  silence(): void {
    this.#isSilent = true;
  }

  onHeaders(metadata: Fields): void {
    this.#note('headers');
    if (this.metadata || this.#bytes > 0) this.violations.push('headers came late');
    this.metadata = metadata;
    this.#wake.resolve();
  }

  onData(chunk: Buffer): void {
    this.#note('data');
    if (!this.metadata) this.violations.push('data came before headers');
    this.chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wake.resolve();
  }

  onDrain(): void {
    this.#note('drain');
    this.#drained.resolve();
    this.#drained = deferred();
  }

  onEnd(end: UpstreamEnd): void {
    this.#note('end');
    this.#isSilent = true;
    this.#end.resolve(end);
    this.#wake.resolve();
  }

  /** The next time that more may be written. To be asked for right after `write` said false. */
  drained(): Promise<void> {
    return this.#drained.promise;
  }

  /** Resolves when the headers are here. */
  async responded(): Promise<Fields> {
    while (!this.metadata) await this.#told();
    return this.metadata;
  }

  /** The first messages of the answer, as soon as there are so many. */
  async messages<M extends DescMethod>(method: M, count: number): Promise<Message[]> {
    for (;;) {
      const messages = this.#decode(method);
      if (messages.length >= count) return messages;
      await this.#told();
    }
  }

  #decode(method: DescMethod): Message[] {
    const reader = new EnvelopeReader(2 ** 26);
    for (const chunk of this.chunks) reader.push(chunk);
    const messages: Message[] = [];
    for (let envelope = reader.next(); envelope; envelope = reader.next())
      messages.push(fromBinary(method.output, envelope.payload));
    return messages;
  }

  async #told(): Promise<void> {
    if (this.#isSilent) throw new Error('nothing more comes');
    await this.#wake.promise;
    this.#wake = deferred();
  }

  #note(event: string): void {
    if (this.#isSilent) this.violations.push(`${event} came after the end`);
  }
}
