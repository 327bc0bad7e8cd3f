import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { PlacementService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import type { Channel } from '../../mesh/rpc/channel.ts';
import { createDispatcher } from '../../mesh/rpc/dispatcher.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import { createInProcessChannel } from '../../mesh/rpc/in-process-channel.ts';
import { messageBytesMax } from '../../mesh/rpc/limits.ts';
import { bindStreams, type StreamHandler, silentLog } from '../../mesh/rpc/testing.ts';
import { fromCallEnd } from '../data-path/call-end.ts';
import { createChannelUpstream } from './channel-upstream.ts';
import { TestSink, upstreamRequest } from './testing.ts';
import { contractMethods, describeUpstream } from './upstream.contract.ts';

const caller = {
  service: 'edge',
  principal: create(PrincipalSchema, { principalId: 'key_1' }),
  assertion: 'signed',
};

function channelTo(run: StreamHandler): Channel {
  const services = [GraphService, PlacementService].map((desc) => ({
    desc,
    methods: contractMethods
      .filter(({ parent }) => parent === desc)
      .map((method) => bindStreams(method, run)),
  }));
  const self = async () => ({ service: 'edge', assertion: 'signed' });
  return createInProcessChannel(createDispatcher(services, silentLog), self);
}

describeUpstream('ChannelUpstream', async (run) => {
  const channel = channelTo(run);
  return { upstream: createChannelUpstream(channel, silentLog), caller, close: () => channel.close() };
});

const method = GraphService.method.importTable;

describe('a request over a channel', () => {
  const send = async (chunk: Buffer) => {
    const channel = channelTo(async function* (requests) {
      for await (const request of requests) yield request;
    });
    const sink = new TestSink();
    const stream = createChannelUpstream(channel, silentLog).open(upstreamRequest({ method, caller }), sink);
    stream.write(chunk);
    stream.end();
    return fromCallEnd(await sink.ended);
  };

  it('that is too large ends the call as soon as it says so', async () => {
    const header = Buffer.alloc(5);
    header.writeUInt32BE(messageBytesMax + 1, 1);
    expect((await send(header)).reason).toBe(ErrorReason.MESSAGE_TOO_LARGE);
  });

  it.each([
    ['is no protobuf', Buffer.from([0, 0, 0, 0, 1, 7])],
    ['is cut off', Buffer.from([0, 0, 0, 0, 9, 1])],
    ['is compressed without saying how', Buffer.from([1, 0, 0, 0, 0])],
  ])('that %s ends the call', async (_name, chunk) => {
    expect((await send(chunk)).reason).toBe(ErrorReason.MALFORMED_BODY);
  });
});

describe('a channel', () => {
  const failWith = async (error: unknown) => {
    const channel: Channel = {
      // biome-ignore lint/correctness/useYield: it fails first.
      call: async function* () {
        throw error;
      },
      close: async () => {},
    };
    const sink = new TestSink();
    createChannelUpstream(channel, silentLog).open(upstreamRequest({ method, caller }), sink);
    return sink.ended;
  };
  const unavailable = (cause: unknown) => rpcError(ErrorReason.UNAVAILABLE, 'gone', { cause });

  it.each([
    ['not-sent', unavailable(new Error('14: No connection established'))],
    ['lost', unavailable(new Error('ECONNRESET'))],
    [undefined, rpcError(ErrorReason.UNAVAILABLE, 'the service says so')],
  ])('that fails tells how far the call got: %s', async (loss, error) => {
    expect((await failWith(error)).loss).toBe(loss);
  });

  it('that has a bug tells nothing of it', async () => {
    const end = await failWith(new TypeError('secret is not a function'));
    expect(end.code).toBe(Code.INTERNAL);
    expect(JSON.stringify(end)).not.toContain('secret');
  });
});
