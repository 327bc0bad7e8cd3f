import { afterEach, describe, expect, it, vi } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { RegistryResolver } from '../../mesh/discovery/registry-resolver.ts';
import type { RequestStream } from '../data-path/call.ts';
import { ServiceUpstream } from './service-upstream.ts';
import { TestSink, upstreamRequest } from './testing.ts';
import type { Upstream, UpstreamEnd, UpstreamRequest, UpstreamSink } from './upstream.ts';

const { query, execute } = GraphService.method;
const ok: UpstreamEnd = {
  code: Code.OK,
  message: '',
  details: '',
  trailers: [],
  loss: undefined,
  pushbackMs: undefined,
};
const unavailable: UpstreamEnd = { ...ok, code: Code.UNAVAILABLE };
const notSent: UpstreamEnd = { ...unavailable, loss: 'not-sent' };
const lost: UpstreamEnd = { ...unavailable, loss: 'lost' };

/** One attempt of a call, as its endpoint sees it; the test answers. */
class TestAttempt implements RequestStream {
  readonly address: string;
  readonly sink: UpstreamSink;
  readonly told: string[] = [];
  isFull = false;

  constructor(address: string, sink: UpstreamSink) {
    this.address = address;
    this.sink = sink;
  }

  write(chunk: Buffer): boolean {
    this.told.push(chunk.toString());
    return !this.isFull;
  }

  end(): void {
    this.told.push('end');
  }

  cancel(): void {
    this.told.push('cancel');
  }

  pause(): void {
    this.told.push('pause');
  }

  resume(): void {
    this.told.push('resume');
  }
}

const sinks: TestSink[] = [];
afterEach(() => {
  vi.useRealTimers();
  expect(sinks.splice(0).flatMap(({ violations }) => violations)).toEqual([]);
});

/** A service at these addresses. */
function serviceAt(...addresses: readonly string[]) {
  const resolver = new RegistryResolver();
  for (const address of addresses) resolver.register('iam', { address, attributes: {} });
  const attempts: TestAttempt[] = [];
  let nowMs = 0;
  let isFull = false;
  const upstreamTo = (address: string): Upstream => ({
    open: (_request, sink) => {
      const attempt = new TestAttempt(address, sink);
      attempt.isFull = isFull;
      attempts.push(attempt);
      return attempt;
    },
  });
  const upstream = new ServiceUpstream({
    service: 'iam',
    resolver,
    upstreams: { get: upstreamTo },
    now: () => nowMs,
    random: () => 0,
  });
  return {
    resolver,
    upstream,
    attempts,
    /** The attempt under way. */
    last: () => attempts.at(-1) as TestAttempt,
    advance: (durationMs: number) => {
      nowMs += durationMs;
    },
    fill: (value: boolean) => {
      isFull = value;
    },
    call: (changes: Partial<UpstreamRequest> = {}) => {
      const sink = new TestSink();
      sinks.push(sink);
      return { sink, stream: upstream.open(upstreamRequest({ method: execute, ...changes }), sink) };
    },
  };
}

describe('a call to a service', () => {
  it('goes to an endpoint, and its answer back', async () => {
    const service = serviceAt('a:1');
    const { sink, stream } = service.call();
    stream.write(Buffer.from('x'));
    stream.end();
    stream.pause();
    stream.resume();
    const { sink: answer, told } = service.last();
    answer.onHeaders(['k', 'v']);
    answer.onData(Buffer.from('y'));
    answer.onEnd(ok);
    expect(await sink.ended).toBe(ok);
    expect([told, sink.metadata, sink.bytes]).toEqual([['x', 'end', 'pause', 'resume'], ['k', 'v'], 1]);
  });

  it('that discovery does not know ends, after `open` returned', async () => {
    const { sink } = serviceAt().call();
    const end = await sink.ended;
    expect([end.code, end.loss, end.message]).toEqual([
      Code.UNAVAILABLE,
      'not-sent',
      'no iam service is known just now',
    ]);
  });

  it('goes where discovery says now', () => {
    const service = serviceAt('a:1');
    service.resolver.register('iam', { address: 'b:1', attributes: {} });
    service.resolver.deregister('iam', 'a:1');
    service.call();
    expect(service.last().address).toBe('b:1');
    service.upstream.close();
    service.resolver.register('iam', { address: 'c:1', attributes: {} });
    service.resolver.deregister('iam', 'b:1');
    service.call();
    expect(service.last().address).toBe('b:1');
  });

  it('that is cancelled is cancelled at its endpoint, and tells nothing more', () => {
    const service = serviceAt('a:1');
    const { sink, stream } = service.call();
    stream.cancel();
    sink.silence();
    stream.cancel();
    stream.write(Buffer.from('x'));
    expect(service.last().told).toEqual(['cancel']);
  });
});

describe('of two endpoints', () => {
  it('the one with fewer calls under way is picked', () => {
    const service = serviceAt('a:1', 'b:1');
    const first = service.call();
    service.call();
    service.call();
    expect(service.attempts.map(({ address }) => address)).toEqual(['a:1', 'b:1', 'a:1']);
    first.stream.cancel();
    first.sink.silence();
    service.attempts[2]?.sink.onEnd(ok);
    service.call();
    expect(service.last().address).toBe('a:1');
  });

  it('one that fails is not picked for a while', () => {
    const service = serviceAt('a:1', 'b:1');
    for (let i = 0; i < 20; i++) {
      service.call();
      service.last().sink.onEnd(lost);
    }
    service.call();
    expect(service.last().address).toBe('a:1');
    service.last().sink.onEnd(ok);
    service.advance(10_000);
    for (const expected of ['b:1', 'b:1']) {
      service.call();
      expect(service.last().address).toBe(expected);
      service.last().sink.onEnd(ok);
    }
    service.advance(30_000);
    service.call();
    expect(service.last().address).toBe('a:1');
  });

  it('neither is judged by what its service answers', () => {
    const service = serviceAt('a:1', 'b:1');
    for (let i = 0; i < 20; i++) {
      service.call();
      service.last().sink.onEnd({ ...ok, code: Code.INTERNAL });
    }
    service.advance(10_000);
    service.call();
    expect(service.last().address).toBe('a:1');
  });
});

describe('a call that no service has seen', () => {
  it('goes to two other endpoints with all its requests, then ends', async () => {
    const service = serviceAt('a:1', 'b:1', 'c:1', 'd:1');
    const { sink, stream } = service.call();
    stream.write(Buffer.from('x'));
    service.last().sink.onEnd(notSent);
    stream.write(Buffer.from('y'));
    stream.end();
    stream.pause();
    service.last().sink.onEnd(notSent);
    service.last().sink.onEnd(notSent);
    expect(await sink.ended).toBe(notSent);
    expect(new Set(service.attempts.map(({ address }) => address)).size).toBe(3);
    expect(service.attempts.map(({ told }) => told)).toEqual([
      ['x'],
      ['x', 'y', 'end', 'pause'],
      ['pause', 'x', 'y', 'end'],
    ]);
  });

  it('goes to the same endpoint where there is no other', () => {
    const service = serviceAt('a:1');
    service.call();
    service.last().sink.onEnd(notSent);
    expect(service.attempts).toHaveLength(2);
  });

  it('ends where more of its requests came than are kept', async () => {
    const service = serviceAt('a:1', 'b:1');
    const { sink, stream } = service.call();
    stream.write(Buffer.alloc(5 * 2 ** 20));
    service.last().sink.onEnd(notSent);
    expect(await sink.ended).toBe(notSent);
  });

  it('lets its client write again where the first endpoint held it back', async () => {
    const service = serviceAt('a:1', 'b:1');
    const { sink, stream } = service.call();
    service.last().isFull = true;
    expect(stream.write(Buffer.from('x'))).toBe(false);
    const drained = sink.drained();
    service.last().sink.onEnd(notSent);
    await drained;
    expect(stream.write(Buffer.from('y'))).toBe(true);
  });

  it('holds its client back as long as the next endpoint does', async () => {
    const service = serviceAt('a:1', 'b:1');
    const { sink, stream } = service.call();
    service.last().isFull = true;
    stream.write(Buffer.from('x'));
    const drained = sink.drained();
    let isDrained = false;
    drained.then(() => {
      isDrained = true;
    });
    service.fill(true);
    service.last().sink.onEnd(notSent);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isDrained).toBe(false);
    service.last().sink.onDrain();
    await drained;
  });
});

describe('a call whose endpoint was not available', () => {
  it('is made again after a pause where it changes nothing', async () => {
    vi.useFakeTimers();
    const service = serviceAt('a:1', 'b:1');
    const { sink, stream } = service.call({ method: query });
    stream.write(Buffer.from('x'));
    stream.end();
    service.last().sink.onEnd({ ...unavailable, pushbackMs: 70 });
    vi.advanceTimersByTime(69);
    expect(service.attempts).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(service.attempts.map(({ address }) => address)).toEqual(['a:1', 'b:1']);
    expect(service.last().told).toEqual(['x', 'end']);
    service.last().sink.onEnd(ok);
    expect(await sink.ended).toBe(ok);
  });

  it('is not made again when it was cancelled during the pause', () => {
    vi.useFakeTimers();
    const service = serviceAt('a:1', 'b:1');
    const { sink, stream } = service.call({ method: query });
    service.last().sink.onEnd({ ...unavailable, pushbackMs: 70 });
    stream.cancel();
    sink.silence();
    vi.advanceTimersByTime(1_000);
    expect(service.attempts).toHaveLength(1);
  });

  it.each<[string, Partial<UpstreamRequest>, (attempt: TestAttempt) => void, UpstreamEnd]>([
    ['it may have changed something', { method: execute }, () => {}, lost],
    ['its answer began', { method: query }, ({ sink }) => sink.onHeaders([]), lost],
    ['its deadline is sooner', { method: query, deadlineMs: 0 }, () => {}, { ...unavailable, pushbackMs: 1 }],
    ['the service says not to', { method: query }, () => {}, { ...unavailable, pushbackMs: -1 }],
  ])('is not made again where %s', async (_name, request, act, end) => {
    const service = serviceAt('a:1', 'b:1');
    const { sink } = service.call(request);
    act(service.last());
    service.last().sink.onEnd(end);
    expect(await sink.ended).toBe(end);
    expect(service.attempts).toHaveLength(1);
  });
});
