import { type Message, toBinary } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { frame } from '../../mesh/framing/envelope.ts';
import type { Logger } from '../../mesh/log/logger.ts';
import type { Channel } from '../../mesh/rpc/channel.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import { MessageDecoder } from '../../mesh/rpc/message-decoder.ts';
import { RequestMessages } from '../../mesh/rpc/request-messages.ts';
import { connectionLoss } from '../../mesh/rpc/status.ts';
import type { RequestStream } from '../data-path/call.ts';
import { okEnd } from '../data-path/call-end.ts';
import { toLoggedError } from '../data-path/logged-error.ts';
import type { Upstream, UpstreamEnd, UpstreamRequest, UpstreamSink } from './upstream.ts';
import { endFromError } from './upstream-end.ts';

/** A way to services over a channel, which takes messages: such as those of the same process. */
export function createChannelUpstream(channel: Channel, log: Logger): Upstream {
  return { open: (request, sink) => new ChannelCall(channel, request, sink, log) };
}

/** A call as messages. Held in between: the requests that `RequestMessages` holds, and one answer. */
class ChannelCall implements RequestStream {
  readonly #requests: RequestMessages;
  readonly #request: UpstreamRequest;
  readonly #sink: UpstreamSink;
  readonly #log: Logger;
  readonly #over = new AbortController();
  #isOver = false;
  #isPaused = false;
  #resumed: (() => void) | undefined;

  constructor(channel: Channel, request: UpstreamRequest, sink: UpstreamSink, log: Logger) {
    this.#request = request;
    this.#sink = sink;
    this.#log = log;
    this.#requests = new RequestMessages(new MessageDecoder(request.method.input, undefined), {
      onRoom: () => {
        if (!this.#isOver) sink.onDrain();
      },
    });
    void this.#run(channel);
  }

  write(chunk: Buffer): boolean {
    return this.#isOver || this.#requests.write(chunk);
  }

  end(): void {
    this.#requests.end();
  }

  cancel(): void {
    this.#stop();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#resumed?.();
  }

  async #run(channel: Channel): Promise<void> {
    let end: UpstreamEnd;
    try {
      await this.#answer(channel);
      end = { ...okEnd, loss: undefined, pushbackMs: undefined };
    } catch (thrown) {
      end = this.#toEnd(this.#requests.failure ?? thrown);
    }
    if (this.#isOver) return;
    this.#stop();
    this.#sink.onEnd(end);
  }

  async #answer(channel: Channel): Promise<void> {
    // Nothing may be told before `open` returned.
    await undefined;
    const { method, caller, requestId, clientAddress, deadlineMs, trace } = this.#request;
    const context = { requestId, clientAddress, deadlineMs, trace, signal: this.#over.signal };
    const responses = channel.call(method, this.#requests, { context, ...(caller && { caller }) });
    let isFirst = true;
    for await (const response of responses) {
      await this.#whilePaused();
      if (this.#isOver) return;
      if (isFirst) this.#sink.onHeaders([]);
      isFirst = false;
      // The sink may have cancelled the call in between.
      if (!this.#isOver) this.#sink.onData(frame(toBinary(method.output, response as Message)));
    }
    await this.#whilePaused();
  }

  async #whilePaused(): Promise<void> {
    while (this.#isPaused && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#resumed = resolve;
      });
    }
  }

  #stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over.abort();
    this.#requests.fail(rpcError(ErrorReason.CANCELLED, 'the caller gave up'));
    this.#resumed?.();
  }

  #toEnd(thrown: unknown): UpstreamEnd {
    const error = toLoggedError(thrown, this.#request, this.#log);
    return endFromError(error, this.#request.requestId, connectionLoss(error));
  }
}
