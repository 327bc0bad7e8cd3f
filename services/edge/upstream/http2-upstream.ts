import { LRUCache } from 'lru-cache';
import type { Signer } from '../../mesh/identity/assertion.ts';
import type { Logger } from '../../mesh/log/logger.ts';
import type { RequestStream } from '../data-path/call.ts';
import { BulkLane } from './bulk-lane.ts';
import { Endpoint } from './endpoint.ts';
import { Http2Call } from './http2-call.ts';
import { createSelfCaller, type SelfCaller } from './self-caller.ts';
import { type SessionTimes, sessionTimes } from './session.ts';
import type { Upstream, UpstreamRequest, UpstreamSink, Upstreams } from './upstream.ts';

/** The most addresses held; beyond that the longest unused is closed, whose calls under way finish. */
const endpointsMax = 1_000;

export interface Http2UpstreamsOptions {
  /** Who the edge itself is: see `createSelfAssertion`. */
  readonly self: () => ReturnType<Signer>;
  readonly log: Logger;
  /** What large answers may take while small ones go out, in processors; a quarter of one where not given. */
  readonly bulkShare?: number;
  readonly times?: Partial<SessionTimes>;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** Processor time of the process, in milliseconds. */
  readonly spentMs?: () => number;
}

/** Ways to services over HTTP/2 without TLS, by address. Deadlines are passed on, not enforced. */
export class Http2Upstreams implements Upstreams {
  readonly #self: SelfCaller;
  readonly #log: Logger;
  readonly #times: SessionTimes;
  readonly #now: () => number;
  readonly #lane: BulkLane;
  readonly #upstreams = new LRUCache<string, Http2Upstream>({
    max: endpointsMax,
    dispose: (upstream) => upstream.close(),
  });

  constructor(options: Http2UpstreamsOptions) {
    const { self, log, times, bulkShare: share = 0.25, spentMs = processorMs } = options;
    const { now = () => performance.now() } = options;
    this.#self = createSelfCaller(self);
    this.#log = log;
    this.#times = { ...sessionTimes, ...times };
    this.#now = now;
    this.#lane = new BulkLane({ share, now, spentMs });
  }

  /** The way to a host:port, made on first use. Not to be kept: one that is long unused is closed. */
  get(address: string): Upstream {
    const known = this.#upstreams.get(address);
    if (known) return known;
    const endpoint = new Endpoint({ address, times: this.#times, now: this.#now, log: this.#log });
    const upstream = new Http2Upstream(endpoint, this.#self, this.#lane);
    this.#upstreams.set(address, upstream);
    return upstream;
  }

  /** No new calls; those under way finish. */
  async close(): Promise<void> {
    this.#upstreams.clear();
  }
}

class Http2Upstream implements Upstream {
  readonly #endpoint: Endpoint;
  readonly #self: SelfCaller;
  readonly #lane: BulkLane;

  constructor(endpoint: Endpoint, self: SelfCaller, lane: BulkLane) {
    this.#endpoint = endpoint;
    this.#self = self;
    this.#lane = lane;
  }

  open(request: UpstreamRequest, sink: UpstreamSink): RequestStream {
    const call = new Http2Call(this.#endpoint, request, sink, this.#lane);
    const caller = request.caller ?? this.#self();
    if (caller instanceof Promise) {
      caller.then(
        (known) => call.start(known),
        (cause) => call.fail(cause),
      );
    } else call.start(caller);
    return call;
  }

  close(): void {
    this.#endpoint.close();
  }
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
