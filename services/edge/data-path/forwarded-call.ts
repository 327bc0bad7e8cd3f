import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Placement } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { Route } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { Logger } from '../../mesh/log/logger.ts';
import type { Caller } from '../../mesh/rpc/context.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { Admit } from '../admission/admit.ts';
import type { InboundHead } from '../inbound-call.ts';
import type { Fields } from '../listener/exchange.ts';
import type { PublicMethod } from '../method-table.ts';
import type { GraphRouter } from '../routing/graph-router.ts';
import type { Upstream, UpstreamEnd, UpstreamSink } from '../upstream/upstream.ts';
import type { CallEnd, RequestStream, ResponseSink } from './call.ts';
import { fromUpstreamEnd, toCallEnd } from './call-end.ts';
import { readGraphId } from './graph-id.ts';
import { toLoggedError } from './logged-error.ts';
import { RequestLog } from './request-log.ts';

export interface DataPathOptions {
  readonly admit: Admit;
  readonly graphs: GraphRouter;
  /** The way to the control plane. */
  readonly control: Upstream;
  readonly log: Logger;
}

/** Requests that wait for admission or their graph are held up to this many bytes before the client is held back. */
const heldBytesMax = 64 * 1024;
const attemptsMax = 3;
const deadlineSlackMs = 20;

/**
 * One call on its way: identify, authorize, limit, route, forward. It ends at its deadline whichever step it is at. A
 * call whose service was lost before it answered is made again where that cannot do harm.
 */
export class ForwardedCall implements RequestStream, UpstreamSink {
  readonly #options: DataPathOptions;
  readonly #method: PublicMethod;
  readonly #head: InboundHead;
  readonly #sink: ResponseSink;
  readonly #timer: NodeJS.Timeout;
  readonly #requests = new RequestLog();
  #caller: Caller | undefined;
  #isAdmitted = false;
  #isRouted = false;
  #isComplete = false;
  #isPaused = false;
  #isHeldBack = false;
  #isOver = false;
  #upstream: RequestStream | undefined;
  #placement: Placement | undefined;
  #attempt = 1;

  constructor(options: DataPathOptions, method: PublicMethod, head: InboundHead, sink: ResponseSink) {
    this.#options = options;
    this.#method = method;
    this.#head = head;
    this.#sink = sink;
    this.#timer = setTimeout(expire, Math.max(0, head.endMs - Date.now()), this);
    options.admit(method.policy, head).then(
      (caller) => this.#admitted(caller),
      (error) => this.fail(error),
    );
  }

  write(chunk: Buffer): boolean {
    if (this.#isOver) return true;
    this.#requests.add(chunk);
    if (this.#upstream) {
      this.#requests.trim();
      this.#isHeldBack = !this.#upstream.write(chunk);
      return !this.#isHeldBack;
    }
    this.#route();
    this.#isHeldBack = !this.#awaitsFirstMessage() && this.#requests.bytes > heldBytesMax;
    return !this.#isHeldBack;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isComplete = true;
    if (this.#upstream) this.#upstream.end();
    else this.#route();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#close();
    this.#upstream?.cancel();
  }

  pause(): void {
    this.#isPaused = true;
    this.#upstream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#upstream?.resume();
  }

  onHeaders(metadata: Fields): void {
    this.#requests.forget();
    this.#sink.onHeaders(metadata);
  }

  onData(chunk: Buffer): void {
    this.#requests.forget();
    this.#sink.onData(chunk);
  }

  onDrain(): void {
    this.#isHeldBack = false;
    this.#sink.onDrain();
  }

  onEnd(end: UpstreamEnd): void {
    this.#upstream = undefined;
    // A service that breaks a call off at its deadline may be a moment ahead of our own timer.
    if (end.loss && Date.now() >= this.#head.endMs - deadlineSlackMs) expire(this);
    else if (end.loss && this.#placement) this.#recover(end, this.#placement, end.loss);
    else this.#finish(fromUpstreamEnd(end));
  }

  /** Ends the call with an error that was found on the way. */
  fail(thrown: unknown): void {
    if (this.#isOver) return;
    const { requestId } = this.#head;
    const error = toLoggedError(thrown, { requestId, path: this.#method.path }, this.#options.log);
    const upstream = this.#upstream;
    this.#finish(toCallEnd(error, requestId));
    upstream?.cancel();
  }

  #admitted(caller: Caller | undefined): void {
    this.#isAdmitted = true;
    this.#caller = caller;
    this.#route();
  }

  /** Looks where the call goes, as soon as that can be known. */
  #route(): void {
    if (!this.#isAdmitted || this.#isRouted || this.#isOver) return;
    if (this.#method.policy.route === Route.CONTROL) {
      this.#isRouted = true;
      this.#open(this.#options.control);
      return;
    }
    try {
      const graphId = this.#requests.hasFirst ? readGraphId(this.#requests.join()) : undefined;
      if (graphId !== undefined) this.#toGraph(graphId);
      else if (this.#isComplete) {
        throw rpcError(ErrorReason.MALFORMED_BODY, 'the call ended before its first message');
      }
    } catch (error) {
      this.fail(error);
    }
  }

  #awaitsFirstMessage(): boolean {
    return !this.#isRouted && this.#method.policy.route !== Route.CONTROL && !this.#requests.hasFirst;
  }

  #toGraph(graphId: string): void {
    this.#isRouted = true;
    this.#options.graphs.find(graphId, this.#method.policy, this.#caller?.principal).then(
      (placement) => this.#openGraph(placement),
      (error) => this.fail(error),
    );
  }

  #openGraph(placement: Placement): void {
    this.#placement = placement;
    this.#open(this.#options.graphs.upstream(placement));
  }

  #open(upstream: Upstream): void {
    if (this.#isOver) return;
    const { desc: method, path } = this.#method;
    const request = { ...this.#head, method, path, caller: this.#caller };
    const stream = upstream.open(request, this);
    this.#upstream = stream;
    if (this.#isPaused) stream.pause();
    let mayWrite = true;
    for (const chunk of this.#requests.chunks) mayWrite = stream.write(chunk) && mayWrite;
    this.#requests.trim();
    if (this.#isComplete) stream.end();
    // A client that the last attempt held back hears of it here, too: that one says nothing more.
    if (mayWrite && this.#isHeldBack) this.onDrain();
    else this.#isHeldBack = !mayWrite;
  }

  /** Makes a call again that cannot have changed anything; tells of any other that its outcome is not known. */
  #recover(end: UpstreamEnd, placement: Placement, loss: NonNullable<UpstreamEnd['loss']>): void {
    const { graphs } = this.#options;
    graphs.forget(placement);
    const mayRepeat =
      this.#requests.isWhole && (loss === 'not-sent' || graphs.mayRetryLost(this.#method, end));
    if (!mayRepeat || this.#attempt === attemptsMax) {
      this.#finish(loss === 'lost' ? this.#lostEnd(end) : fromUpstreamEnd(end));
      return;
    }
    this.#attempt++;
    graphs.wake(placement).then(
      (next) => this.#openGraph(next),
      (error) => this.fail(error),
    );
  }

  #lostEnd(end: UpstreamEnd): CallEnd {
    if (this.#method.isIdempotent) return fromUpstreamEnd(end);
    const message = 'the graph was lost during the call: it may or may not have taken effect';
    return toCallEnd(rpcError(ErrorReason.OUTCOME_UNKNOWN, message), this.#head.requestId);
  }

  #finish(end: CallEnd): void {
    if (this.#isOver) return;
    this.#close();
    this.#sink.onEnd(end);
  }

  #close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#requests.forget();
  }
}

function expire(call: ForwardedCall): void {
  call.fail(rpcError(ErrorReason.DEADLINE_EXCEEDED, "the call's deadline passed"));
}
