import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { RequestStream } from '../data-path/call.ts';
import { RequestLog } from '../data-path/request-log.ts';
import type { Fields } from '../listener/exchange.ts';
import type { Balancer, Candidate } from './balancer.ts';
import { countEnd, decideRetry, type Retry } from './retry.ts';
import type { RetryThrottle } from './retry-throttle.ts';
import type { UpstreamEnd, UpstreamRequest, UpstreamSink, Upstreams } from './upstream.ts';
import { endFromError } from './upstream-end.ts';

export interface ServiceCallOptions {
  readonly service: string;
  readonly balancer: Balancer;
  readonly upstreams: Upstreams;
  readonly throttle: RetryThrottle;
  readonly random: () => number;
}

const untried: readonly Candidate[] = [];

/**
 * A call to a service that may be made more than once, each time to one endpoint. Its requests are kept until the
 * answer begins, as far as `RequestLog` keeps them.
 */
export class ServiceCall implements RequestStream, UpstreamSink {
  readonly #options: ServiceCallOptions;
  readonly #request: UpstreamRequest;
  readonly #sink: UpstreamSink;
  readonly #requests = new RequestLog();
  #attempt: RequestStream | undefined;
  #candidate: Candidate | undefined;
  #tried = untried;
  #transparentCount = 0;
  #policyCount = 0;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;
  #isPaused = false;
  #isHeldBack = false;
  #isOver = false;

  constructor(options: ServiceCallOptions, request: UpstreamRequest, sink: UpstreamSink) {
    this.#options = options;
    this.#request = request;
    this.#sink = sink;
  }

  /** Makes the call. To be called once. */
  start(): void {
    const candidate = this.#options.balancer.pick(this.#tried);
    if (candidate) this.#open(candidate);
    else process.nextTick(() => this.#finish(this.#unknownService()));
  }

  write(chunk: Buffer): boolean {
    if (this.#isOver || this.#isEnded) return true;
    this.#requests.add(chunk);
    if (!this.#attempt) return this.#holdBack();
    this.#requests.trim();
    return this.#attempt.write(chunk) || this.#holdBack();
  }

  end(): void {
    this.#isEnded = true;
    this.#attempt?.end();
  }

  cancel(): void {
    if (this.#isOver) return;
    const attempt = this.#attempt;
    this.#close();
    attempt?.cancel();
  }

  pause(): void {
    this.#isPaused = true;
    this.#attempt?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#attempt?.resume();
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
    const candidate = this.#leave();
    // What a service answers is its own affair; endpoints are judged by whether they are there.
    if (end.loss || end.code === Code.UNAVAILABLE) candidate.health.failureCount++;
    else candidate.health.successCount++;
    countEnd(this.#options.throttle, end);
    const retry = end.code === Code.OK ? undefined : this.#decide(end);
    if (!retry) {
      this.#finish(end);
      return;
    }
    if (retry.kind === 'transparent') this.#transparentCount++;
    else this.#policyCount++;
    this.#tried = [...this.#tried, candidate];
    if (retry.delayMs === 0) this.#again(end);
    else this.#timer = setTimeout(() => this.#again(end), retry.delayMs);
  }

  #decide(end: UpstreamEnd): Retry | undefined {
    const { throttle, random } = this.#options;
    const { method, deadlineMs } = this.#request;
    const attempt = {
      method,
      end,
      mayRepeat: this.#requests.isWhole,
      transparentCount: this.#transparentCount,
      policyCount: this.#policyCount,
    };
    const retry = decideRetry(attempt, throttle, random);
    return retry && Date.now() + retry.delayMs < (deadlineMs ?? Number.POSITIVE_INFINITY) ? retry : undefined;
  }

  /** Makes the call again; where there is no endpoint any more, it ends as the last attempt did. */
  #again(end: UpstreamEnd): void {
    const candidate = this.#options.balancer.pick(this.#tried);
    if (candidate) this.#open(candidate);
    else this.#finish(end);
  }

  #open(candidate: Candidate): void {
    this.#candidate = candidate;
    candidate.outstanding++;
    const attempt = this.#options.upstreams.get(candidate.address).open(this.#request, this);
    this.#attempt = attempt;
    if (this.#isPaused) attempt.pause();
    let isRoom = true;
    for (const chunk of this.#requests.chunks) isRoom = attempt.write(chunk);
    if (this.#isEnded) attempt.end();
    if (isRoom && this.#isHeldBack) process.nextTick(() => this.#drain());
  }

  #holdBack(): false {
    this.#isHeldBack = true;
    return false;
  }

  #drain(): void {
    if (!this.#isOver && this.#isHeldBack) this.onDrain();
  }

  /** The attempt is over. */
  #leave(): Candidate {
    const candidate = this.#candidate;
    if (!candidate) throw new Error('no attempt is under way');
    candidate.outstanding--;
    this.#attempt = undefined;
    this.#candidate = undefined;
    return candidate;
  }

  #finish(end: UpstreamEnd): void {
    if (this.#isOver) return;
    this.#close();
    this.#sink.onEnd(end);
  }

  #close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (this.#candidate) this.#leave();
    this.#requests.forget();
  }

  #unknownService(): UpstreamEnd {
    const message = `no ${this.#options.service} service is known just now`;
    const error = rpcError(ErrorReason.UNAVAILABLE, message, { retryAfterMs: 1_000 });
    return endFromError(error, this.#request.requestId, 'not-sent');
  }
}
