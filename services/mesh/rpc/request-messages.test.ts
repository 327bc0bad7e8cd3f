import { create, type Message, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type ImportTableRequest, ImportTableRequestSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { deflate } from '../framing/compression.ts';
import { frame } from '../framing/envelope.ts';
import { MessageDecoder } from './message-decoder.ts';
import { RequestMessages } from './request-messages.ts';

const bytesOf = (size: number) =>
  toBinary(
    ImportTableRequestSchema,
    create(ImportTableRequestSchema, { body: { data: new Uint8Array(size) } }),
  );

function open({ encoding, onRoom = () => {} }: { encoding?: string; onRoom?: () => void } = {}) {
  const broken: unknown[] = [];
  const requests = new RequestMessages(new MessageDecoder(ImportTableRequestSchema, encoding), {
    onRoom,
    onBroken: (error) => broken.push(error),
  });
  return { requests, broken };
}

async function sizesOf(requests: AsyncIterable<Message>): Promise<number[]> {
  const sizes: number[] = [];
  for await (const request of requests) sizes.push((request as ImportTableRequest).body?.data.length ?? 0);
  return sizes;
}

const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error) => ErrorReason[error.reason],
  );

describe('requests', () => {
  it('come whole and in order, wherever their bytes are cut', async () => {
    const { requests } = open();
    const all = Buffer.concat([frame(bytesOf(1)), frame(bytesOf(0)), frame(bytesOf(20))]);
    const read = sizesOf(requests);
    for (const byte of all) {
      requests.write(Buffer.of(byte));
      await undefined;
    }
    requests.end();
    expect(await read).toEqual([1, 0, 20]);
  });

  it('hold their writer back beyond 64 KiB, and go on where room brings more, and their end, at once', async () => {
    const message = frame(bytesOf(100_000));
    const parts = [message.subarray(0, 70_000), message.subarray(70_000), message];
    const { requests } = open({ onRoom: () => write() });
    const write = () => {
      for (let part = parts.shift(); part; part = parts.shift()) if (!requests.write(part)) return;
      requests.end();
    };
    write();
    expect(parts).toHaveLength(2);
    expect(await sizesOf(requests)).toEqual([100_000, 100_000]);
  });

  it.each([
    ['that are no protobuf', Buffer.of(0, 0, 0, 0, 1, 7)],
    ['that are cut off', Buffer.of(0, 0, 0, 0, 9, 1)],
    ['with flags that mean nothing', Buffer.of(4, 0, 0, 0, 0)],
    ['that are compressed without saying how', Buffer.of(1, 0, 0, 0, 0)],
  ])('%s fail for their reader, and their owner hears of it', async (_name, bytes) => {
    const { requests, broken } = open();
    requests.write(bytes);
    requests.end();
    expect(await reasonOf(sizesOf(requests))).toBe('MALFORMED_BODY');
    expect(broken).toHaveLength(1);
  });

  it('that are compressed are inflated, small ones and large ones', async () => {
    const { requests } = open({ encoding: 'gzip' });
    for (const size of [10, 1_000_000]) {
      requests.write(frame(await deflate('gzip', Buffer.from(bytesOf(size))), 1));
    }
    requests.write(frame(bytesOf(3)));
    requests.end();
    expect(await sizesOf(requests)).toEqual([10, 1_000_000, 3]);
  });

  it('that inflate to more than a message may have are refused', async () => {
    const { requests, broken } = open({ encoding: 'gzip' });
    requests.write(frame(await deflate('gzip', Buffer.alloc(5 * 2 ** 20)), 1));
    expect(await reasonOf(sizesOf(requests))).toBe('MESSAGE_TOO_LARGE');
    expect(broken).toHaveLength(1);
  });
});
