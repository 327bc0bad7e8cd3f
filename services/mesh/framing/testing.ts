import { expect } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { fc } from '../properties.testing.ts';
import { RpcError } from '../rpc/error.ts';
import { type Envelope, frame } from './envelope.ts';
import type { EnvelopeReader } from './envelope-reader.ts';

/** Any bytes as a Buffer. */
export function someBytes(maxLength: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
}

/** A few messages with any flags; many are short, some are empty. */
export const someMessages: fc.Arbitrary<Envelope[]> = fc.array(
  fc.record({ flags: fc.nat(255), payload: fc.oneof(someBytes(3), someBytes(40), someBytes(400)) }),
  { maxLength: 8 },
);

/** Sizes of chunks, used again from the first when they are used up. */
export const someChunkSizes: fc.Arbitrary<number[]> = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 600 })),
  { minLength: 1, maxLength: 12 },
);

/** The messages framed, one after the other. */
export function framed(messages: readonly Envelope[]): Buffer {
  return Buffer.concat(messages.map(({ flags, payload }) => frame(payload, flags)));
}

/** The bytes in chunks of these sizes, each a copy of its own. */
export function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunks.at(-1)?.length ?? 0) {
    const size = sizes[chunks.length % sizes.length] ?? 1;
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
  }
  return chunks;
}

/** All messages of the chunks. */
export function readAll(reader: EnvelopeReader, chunks: readonly Buffer[]): Envelope[] {
  const messages: Envelope[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let message = reader.next(); message; message = reader.next()) messages.push(message);
  }
  return messages;
}

/** The name of the reason why `run` fails with an RpcError; undefined where it does not fail. */
export function reasonOf(run: () => unknown): keyof typeof ErrorReason | undefined {
  try {
    run();
  } catch (thrown) {
    return reasonOfError(thrown);
  }
  return undefined;
}

/** The name of the reason of something thrown, which must be an RpcError. */
export function reasonOfError(thrown: unknown): keyof typeof ErrorReason {
  expect(thrown).toBeInstanceOf(RpcError);
  return ErrorReason[(thrown as RpcError).reason] as keyof typeof ErrorReason;
}
