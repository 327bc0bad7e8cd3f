import { setImmediate } from 'node:timers/promises';
import { toBinary } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type Row, RowSchema } from '../../../gen/trellis/graph/v1/value_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { ExactResult } from '../engine/exact-result.ts';

/** Rows in one whole answer. */
export const answerRowsMax = 10_000;

/** Bytes of the rows in one whole answer; the message that carries it may have 4 MiB. */
export const answerBytesMax = 3.5 * 2 ** 20;

const sliceRows = 256;

/** Reads all rows of a result for one answer. Throws RESULT_TOO_LARGE. */
export async function collectRows(result: ExactResult): Promise<Row[]> {
  if (result.rowCount > answerRowsMax) {
    throw rpcError(ErrorReason.RESULT_TOO_LARGE, 'the result has more rows than one answer may have', {
      metadata: { limit_rows: String(answerRowsMax) },
    });
  }
  const rows: Row[] = [];
  let bytes = 0;
  for (;;) {
    const slice = result.read(sliceRows);
    if (slice.length === 0) return rows;
    for (const row of slice) bytes += estimateBytes(row);
    if (bytes > answerBytesMax) {
      throw rpcError(ErrorReason.RESULT_TOO_LARGE, 'the result has more bytes than one answer may have', {
        metadata: { limit_bytes: String(answerBytesMax) },
      });
    }
    rows.push(...slice);
    if (rows.length < result.rowCount) await setImmediate();
  }
}

/** The size of a row on the wire, with its frame in the answer. */
export function estimateBytes(row: Row): number {
  let bytes = 6;
  for (const { kind } of row.values) {
    switch (kind.case) {
      case 'nullValue':
      case 'boolValue':
        bytes += 4;
        break;
      case 'int64Value':
      case 'uint64Value':
      case 'doubleValue':
      case 'floatValue':
      case 'dateValue':
        bytes += 14;
        break;
      case 'stringValue':
        bytes += 6 + Buffer.byteLength(kind.value);
        break;
      case 'bytesValue':
        bytes += 6 + kind.value.length;
        break;
      default:
        return toBinary(RowSchema, row).length + 6;
    }
  }
  return bytes;
}
