import { ErrorReason } from '../../../../gen/trellis/common/v1/error_reason_pb.js';
import type { ImportTableRequest } from '../../../../gen/trellis/graph/v1/graph_pb.js';
import { type RpcError, rpcError } from '../../../mesh/rpc/error.ts';
import { onOver } from '../call-watch.ts';
import { overFailure } from '../engine-gate.ts';
import type { CallLimits } from '../graph-engine.ts';

/** What bounds an upload, and who follows it. */
export interface UploadRules {
  readonly bytesMax: number;
  readonly limits: CallLimits;
  onBytes(bytes: number): void;
}

/**
 * The bytes of an upload in the pieces in which they come. Ends only where the upload is complete: with as many
 * bytes, and the mark, that its first message promised. Throws RpcError, EngineFailure.
 */
export async function* receiveUpload(
  first: ImportTableRequest,
  rest: AsyncIterator<ImportTableRequest>,
  { bytesMax, limits, onBytes }: UploadRules,
): AsyncIterable<Uint8Array> {
  const { sizeBytes, marksLast } = first;
  if (sizeBytes !== undefined && sizeBytes > BigInt(bytesMax)) throw tooLarge(bytesMax);
  let bytes = 0;
  let isEnded = false;
  for (let message: ImportTableRequest | undefined = first; message; message = await next(rest, limits)) {
    if (isEnded) throw incomplete('is_last', 'a message follows the last one');
    isEnded = message.isLast;
    const { body } = message;
    if (!body || body.data.byteLength === 0) continue;
    bytes += body.data.byteLength;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    if (sizeBytes !== undefined && BigInt(bytes) > sizeBytes) {
      throw incomplete('size_bytes', `the upload has more than ${sizeBytes} bytes`);
    }
    onBytes(bytes);
    yield body.data;
  }
  if (sizeBytes !== undefined && BigInt(bytes) !== sizeBytes) {
    throw incomplete('size_bytes', `the upload has ${bytes} of ${sizeBytes} bytes`);
  }
  if (marksLast && !isEnded) throw incomplete('is_last', 'the upload ended without its last message');
}

async function next(
  rest: AsyncIterator<ImportTableRequest>,
  limits: CallLimits,
): Promise<ImportTableRequest | undefined> {
  let stop = () => {};
  const over = new Promise<never>((_, reject) => {
    stop = onOver(limits, () => reject(overFailure(limits)));
  });
  try {
    const { done, value } = await Promise.race([rest.next(), over]);
    return done ? undefined : value;
  } finally {
    stop();
  }
}

function tooLarge(bytesMax: number): RpcError {
  return rpcError(ErrorReason.MESSAGE_TOO_LARGE, 'the file is larger than an import may be', {
    metadata: { limit_bytes: String(bytesMax) },
  });
}

function incomplete(field: string, description: string): RpcError {
  return rpcError(ErrorReason.INVALID_REQUEST, description, { violations: [{ field, description }] });
}
