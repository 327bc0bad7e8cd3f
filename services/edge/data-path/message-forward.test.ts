import { create, type Message, toBinary } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import {
  GraphService,
  ImportTableRequestSchema,
  ImportTableResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { frame } from '../../mesh/framing/envelope.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import { once } from '../../mesh/rpc/service.ts';
import { TestStream } from '../../mesh/rpc/testing.ts';
import type { ForwardBytes } from '../inbound-call.ts';
import { MethodTable } from '../method-table.ts';
import { inboundCall, reasonOf } from '../testing.ts';
import type { ResponseSink } from './call.ts';
import { okEnd, toCallEnd } from './call-end.ts';
import { createMessageForward } from './message-forward.ts';

const method = GraphService.method.importTable;
const heldBytesMax = 256 * 1024;

/** What the data path was told, in order. */
let told: string[];
let sink: ResponseSink;
let mayWrite: boolean;

beforeEach(() => {
  told = [];
  mayWrite = true;
});

/** A data path whose answers a test makes. */
const scripted: ForwardBytes = (_method, _head, given) => {
  sink = given;
  return {
    write: (chunk) => {
      told.push(`write ${chunk.length}`);
      return mayWrite;
    },
    end: () => void told.push('end'),
    cancel: () => void told.push('cancel'),
    pause: () => void told.push('pause'),
    resume: () => void told.push('resume'),
  };
};

const forward = createMessageForward(new MethodTable([GraphService]), scripted);
const start = (requests: AsyncIterable<Message> = new TestStream<Message>(), call = inboundCall()) =>
  forward(method, requests, call)[Symbol.asyncIterator]();
const part = create(ImportTableRequestSchema, { graphId: 'g1' });
const partBytes = 5 + toBinary(ImportTableRequestSchema, part).length;
const answer = (revision: string) => {
  const message = create(ImportTableResponseSchema, { revision });
  return { message, bytes: frame(toBinary(ImportTableResponseSchema, message)) };
};

describe('messages over the data path', () => {
  it('go out framed, with their end', async () => {
    const responses = start(once(part));
    const next = responses.next();
    await expect.poll(() => told).toEqual([`write ${partBytes}`, 'end']);
    sink.onEnd(okEnd);
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('are told as they come, cut anywhere, and the end after the last', async () => {
    const [one, two] = [answer('one'), answer('two')];
    const bytes = Buffer.concat([one.bytes, two.bytes]);
    const responses = start();
    const first = responses.next();
    sink.onData(bytes.subarray(0, one.bytes.length + 2));
    expect((await first).value).toEqual(one.message);
    sink.onData(bytes.subarray(one.bytes.length + 2));
    sink.onEnd(okEnd);
    expect((await responses.next()).value).toEqual(two.message);
    expect((await responses.next()).done).toBe(true);
  });

  it('end with the error of the call, after what came before it', async () => {
    const responses = start();
    const first = responses.next();
    sink.onData(answer('one').bytes);
    sink.onEnd(toCallEnd(rpcError(ErrorReason.GRAPH_BUSY, 'busy'), 'request-1'));
    expect((await first).value).toEqual(answer('one').message);
    expect(await reasonOf(responses.next())).toBe('GRAPH_BUSY');
  });

  it('wait while the service takes no more, and go on when it does', async () => {
    mayWrite = false;
    const requests = new TestStream<Message>();
    requests.send(part, part);
    requests.end();
    const next = start(requests).next();
    await new Promise(setImmediate);
    expect(told).toEqual([`write ${partBytes}`]);
    mayWrite = true;
    sink.onDrain();
    await expect.poll(() => told).toEqual([`write ${partBytes}`, `write ${partBytes}`, 'end']);
    sink.onEnd(okEnd);
    await next;
  });

  it('are no longer asked for when the call is over', async () => {
    mayWrite = false;
    const requests = new TestStream<Message>();
    requests.send(part, part);
    const next = start(requests).next();
    await new Promise(setImmediate);
    sink.onEnd(okEnd);
    await next;
    await new Promise(setImmediate);
    expect(told.filter((event) => event.startsWith('write'))).toHaveLength(1);
  });

  it('that their source fails to give end the call with its error', async () => {
    const requests = new TestStream<Message>();
    requests.fail(rpcError(ErrorReason.MALFORMED_BODY, 'not JSON'));
    expect(await reasonOf(start(requests).next())).toBe('MALFORMED_BODY');
    expect(told).toContain('cancel');
  });
});

describe('a service is held back', () => {
  it('while more than 256 KiB wait for a slow reader, and let go when they do not', async () => {
    const responses = start();
    const first = responses.next();
    const { bytes } = answer('x'.repeat(heldBytesMax / 2));
    sink.onData(bytes);
    await first;
    sink.onData(bytes);
    expect(told).toEqual([]);
    sink.onData(bytes);
    expect(told).toEqual(['pause']);
    await responses.next();
    expect(told).toEqual(['pause', 'resume']);
  });

  it('and let go where the beginning of a large message was in the way', async () => {
    const { bytes, message } = answer('x'.repeat(4 * heldBytesMax));
    const responses = start();
    const first = responses.next();
    sink.onData(answer('small').bytes);
    await first;
    sink.onData(bytes.subarray(0, 2 * heldBytesMax));
    expect(told).toEqual(['pause']);
    const next = responses.next();
    await expect.poll(() => told).toEqual(['pause', 'resume']);
    sink.onData(bytes.subarray(2 * heldBytesMax));
    expect((await next).value).toEqual(message);
  });
});

describe('a call over the data path is cancelled', () => {
  it('when its signal aborts, also before it began', async () => {
    const abort = new AbortController();
    abort.abort();
    expect(await reasonOf(start(undefined, inboundCall({ signal: abort.signal })).next())).toBe('CANCELLED');
    expect(told).toContain('cancel');
  });

  it('when its reader leaves', async () => {
    const responses = start();
    const first = responses.next();
    sink.onData(answer('one').bytes);
    await first;
    await responses.return?.();
    expect(told).toEqual(['cancel']);
  });
});
