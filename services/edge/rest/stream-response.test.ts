import { Writable } from 'node:stream';
import { create, type Message } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { GraphService, StreamQueryResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { TestClock } from '../../mesh/process/clock.testing.ts';
import { type Clock, systemClock } from '../../mesh/process/clock.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import { only } from '../../mesh/rpc/service.ts';
import type { Forward } from '../inbound-call.ts';
import { type RestResponse, sendChunk } from './response.ts';
import { sendMessages } from './stream-response.ts';
import { createTestService } from './test-service.ts';
import { type OpenAnswer, startRestServer, type TestServer } from './testing.ts';

const path = '/v1/graphs/kg_1/query/stream';
const post = { method: 'POST', path, headers: { 'content-type': 'application/json' }, body: '{}' };
const events = { ...post, headers: { ...post.headers, accept: 'text/event-stream' } };

const columns = create(StreamQueryResponseSchema, { columns: [{ name: 'n', type: 'INT64' }] });
const rows = create(StreamQueryResponseSchema, {
  rows: [{ values: [{ kind: { case: 'int64Value', value: 1n } }] }],
});
const done = create(StreamQueryResponseSchema, { done: { rowCount: 1, revision: 'r1' } });
const lines = [
  '{"columns":[{"name":"n","type":"INT64"}]}',
  '{"rows":[[1]]}',
  '{"done":{"rowCount":1,"elapsedMs":0,"revision":"r1","truncated":false}}',
];

let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

function answering(messages: readonly Message[], error?: unknown): Forward {
  return async function* (_method, requests) {
    await only(requests);
    yield* messages;
    if (error) throw error;
  };
}

/** Gives its columns, and its end when the gate opens. */
function waiting(gate: Promise<void>): Forward {
  return async function* (_method, requests) {
    await only(requests);
    yield columns;
    await gate;
    yield done;
  };
}

/** The next so many parts of a stream of events, each of which ends with an empty line. */
async function nextText(answer: OpenAnswer, parts: number): Promise<string> {
  let text = '';
  while (text.split('\n\n').length <= parts) text += await firstChunk(answer);
  return text;
}

async function firstChunk(answer: OpenAnswer): Promise<string> {
  for await (const chunk of answer.body.iterator({ destroyOnReturn: false })) return String(chunk);
  throw new Error('no chunk came');
}

describe.each(['http1', 'http2'] as const)('streams over %s', (protocol) => {
  const start = async (forward: Forward, clock?: Clock) => {
    server = await startRestServer(protocol, { services: [GraphService], forward, ...(clock && { clock }) });
    return server;
  };

  it('are lines of JSON, each with what its message brings', async () => {
    const { send } = await start(answering([columns, rows, done]));
    const answer = await send(post);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/x-ndjson', 'x-request-id': 'req_1' });
    expect(answer.body.toString()).toBe(lines.map((line) => `${line}\n`).join(''));
  });

  it('are server-sent events where the client asks for them', async () => {
    const { send } = await start(answering([columns, rows, done]));
    const answer = await send(events);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    });
    expect(answer.body.toString()).toBe(
      `retry: 3000\n\n${lines.map((line) => `data: ${line}\n\n`).join('')}`,
    );
  });

  it('answer an error before the first message with its status', async () => {
    const error = rpcError(ErrorReason.STATEMENT_INVALID, 'no');
    const { send, outcomes } = await start(answering([], error));
    const answer = await send(events);
    expect([answer.status, answer.headers['content-type']]).toEqual([400, 'application/json']);
    expect(answer.json()).toMatchObject({ error: { reason: 'STATEMENT_INVALID' } });
    expect(outcomes).toMatchObject([{ status: 400 }]);
  });

  it('end with a line for an error after the first message', async () => {
    const error = rpcError(ErrorReason.OUT_OF_MEMORY, 'too much');
    const { send, outcomes } = await start(answering([columns, rows], error));
    const answer = await send(post);
    const received = answer.body.toString().split('\n');
    expect(received.slice(0, 2)).toEqual(lines.slice(0, 2));
    expect(JSON.parse(received[2] ?? '')).toMatchObject({
      error: { code: 429, reason: 'OUT_OF_MEMORY', message: 'too much', requestId: 'req_1' },
    });
    expect(received.slice(3)).toEqual(['']);
    expect(outcomes).toMatchObject([{ status: 200, error: { reason: ErrorReason.OUT_OF_MEMORY } }]);
  });

  it('end with an error event for an error after the first event', async () => {
    const { send } = await start(answering([columns], new Error('boom')));
    const answer = await send(events);
    expect(answer.body.toString()).toMatch(
      /\n\nevent: error\ndata: \{"error":\{"code":500,.*"requestId":"req_1"\}\}\n\n$/,
    );
    expect(answer.body.toString()).not.toContain('boom');
  });

  it('say when a failed call may be made again', async () => {
    const error = rpcError(ErrorReason.UNAVAILABLE, 'later', { retryAfterMs: 1500 });
    const { send } = await start(answering([columns], error));
    const answer = await send(events);
    expect(answer.body.toString()).toContain('\n\nevent: error\nretry: 1500\ndata: {"error":');
  });

  it('give no sign of life as lines of JSON', async () => {
    const clock = new TestClock();
    const gate = Promise.withResolvers<void>();
    const { open } = await start(waiting(gate.promise), clock);
    const { upload, answer } = open(post);
    upload.end('{}');
    const received = await answer;
    expect(await firstChunk(received)).toBe(`${lines[0]}\n`);
    await clock.sleepers(0);
    gate.resolve();
    expect(await firstChunk(received)).toBe(`${lines[2]}\n`);
  });

  it('give a sign of life as events after 15 seconds without one, each time', async () => {
    const clock = new TestClock();
    const gate = Promise.withResolvers<void>();
    const { open } = await start(waiting(gate.promise), clock);
    const { upload, answer } = open(events);
    upload.end('{}');
    const received = await answer;
    expect(await nextText(received, 2)).toBe(`retry: 3000\n\ndata: ${lines[0]}\n\n`);
    for (let beats = 0; beats < 2; beats += 1) {
      await clock.sleepers(1);
      clock.advance(15_000);
      expect(await nextText(received, 1)).toBe(':\n\n');
    }
    await clock.sleepers(1);
    clock.advance(14_999);
    gate.resolve();
    expect(await nextText(received, 1)).toBe(`data: ${lines[2]}\n\n`);
    await clock.sleepers(0);
  });

  it('begin with a sign of life where the first message takes long; an error then is an event', async () => {
    const clock = new TestClock();
    const gate = Promise.withResolvers<void>();
    const { open } = await start(async function* (_method, requests) {
      await only(requests);
      await gate.promise;
      yield* [];
      throw rpcError(ErrorReason.STATEMENT_FAILED, 'no');
    }, clock);
    const { upload, answer } = open(events);
    upload.end('{}');
    await clock.sleepers(1);
    clock.advance(15_000);
    const received = await answer;
    expect(received.status).toBe(200);
    expect(await nextText(received, 2)).toBe('retry: 3000\n\n:\n\n');
    gate.resolve();
    expect(await nextText(received, 1)).toMatch(/^event: error\ndata: .*"reason":"STATEMENT_FAILED"/);
    await clock.sleepers(0);
  });

  it('stop the signs of life when the client is gone', async () => {
    const clock = new TestClock();
    const { open } = await start(waiting(new Promise(() => {})), clock);
    const { upload, answer } = open(events);
    upload.on('error', () => {});
    upload.end('{}');
    const received = await answer;
    received.body.on('error', () => {});
    await nextText(received, 2);
    await clock.sleepers(1);
    received.abort();
    await clock.sleepers(0);
  });

  it('of HEAD are a head only, and end the call', async () => {
    const rule = { pattern: { case: 'get', value: '/v1/items' } } as const;
    const ended = Promise.withResolvers<void>();
    server = await startRestServer(protocol, {
      services: [createTestService([{ name: 'List', rule, givesStream: true }])],
      forward: async function* (method, requests) {
        await only(requests);
        try {
          for (;;) yield create(method.output);
        } finally {
          ended.resolve();
        }
      },
    });
    const answer = await server.send({ method: 'HEAD', path: '/v1/items' });
    expect([answer.status, answer.headers['content-type'], answer.body.length]).toEqual([
      200,
      'application/x-ndjson',
      0,
    ]);
    await ended.promise;
  });

  it('are empty where no message comes', async () => {
    const { send } = await start(answering([]));
    const answer = await send(post);
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
  });

  it('send each message when it comes', async () => {
    const gate = Promise.withResolvers<void>();
    const { open } = await start(async function* (_method, requests) {
      await only(requests);
      yield columns;
      await gate.promise;
      yield done;
    });
    const { upload, answer } = open(post);
    upload.end('{}');
    const received = await answer;
    expect(await firstChunk(received)).toBe(`${lines[0]}\n`);
    gate.resolve();
    expect(await firstChunk(received)).toBe(`${lines[2]}\n`);
  });

  it.each([true, false])(
    'end the call when the client is gone, the call heeding its signal: %s',
    async (isHeeding) => {
      const ended = Promise.withResolvers<string>();
      const { open, ended: served } = await start(async function* (_method, requests, call) {
        await only(requests);
        call.signal.addEventListener('abort', () => ended.resolve('aborted'));
        yield columns;
        await (isHeeding ? ended.promise : new Promise(() => {}));
        throw rpcError(ErrorReason.CANCELLED, 'the client is gone');
      });
      const outcome = served();
      const { upload, answer } = open(post);
      upload.on('error', () => {});
      upload.end('{}');
      const received = await answer;
      received.body.on('error', () => {});
      await firstChunk(received);
      received.abort();
      expect(await ended.promise).toBe('aborted');
      expect(await outcome).toMatchObject({ method: { name: 'StreamQuery' } });
    },
  );
});

describe('sendMessages', () => {
  const sendTo = (writable: Writable, messages: AsyncIterable<Message>) => {
    const response = writable as unknown as RestResponse;
    const sink = { send: () => sendChunk(response, 'x\n'), beat: undefined };
    return sendMessages(response, messages, sink, systemClock);
  };

  it('asks for no message while the client has no room, and goes on when it has', async () => {
    let release: (() => void) | undefined;
    const response = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, callback) => {
        release = callback;
      },
    });
    let asked = 0;
    const messages = async function* () {
      for (; asked < 3; ) {
        asked += 1;
        yield columns;
      }
    };
    const sent = sendTo(response, messages());
    for (const expected of [1, 2, 3]) {
      // All that can happen without the client happens before the next turn of the event loop.
      await new Promise(setImmediate);
      expect(asked).toBe(expected);
      release?.();
    }
    await sent;
  });

  it('gives no sign of life while the client has no room for a message', async () => {
    const response = new Writable({ highWaterMark: 1, write: () => {} });
    const clock = new TestClock();
    let beats = 0;
    const beat = async () => {
      beats += 1;
    };
    const messages = async function* () {
      yield columns;
    };
    const sink = { send: () => sendChunk(response as unknown as RestResponse, 'x\n'), beat };
    const sent = sendMessages(response as unknown as RestResponse, messages(), sink, clock);
    await clock.sleepers(1);
    // The message is on its way, as far as it comes.
    await new Promise(setImmediate);
    clock.advance(15_000);
    // The sleeper has looked, and sleeps again.
    await new Promise(setImmediate);
    await clock.sleepers(1);
    expect(beats).toBe(0);
    response.destroy();
    await sent;
  });

  it('ends the messages when the client goes away while it has no room', async () => {
    const response = new Writable({ highWaterMark: 1, write: () => {} });
    const ended = Promise.withResolvers<void>();
    const messages = async function* () {
      try {
        for (;;) yield columns;
      } finally {
        ended.resolve();
      }
    };
    const sent = sendTo(response, messages());
    await new Promise(setImmediate);
    response.destroy();
    await Promise.all([sent, ended.promise]);
  });
});
