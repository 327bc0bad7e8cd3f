import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { EncodedMessage } from '../../mesh/rpc/encoded-message.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { ExactResult } from '../engine/encode/checked-result.ts';
import { encodeText } from '../engine/encode/encode-value.ts';
import { WireWriter } from '../engine/encode/wire-writer.ts';

/** Rows in one whole answer. */
export const answerRowsMax = 10_000;

/** Bytes of the rows in one whole answer; the message that carries it may have 4 MiB. */
export const answerBytesMax = 3.5 * 2 ** 20;

/** What a caller of one whole answer can take, with at most so many rows; 0 means all. */
export function answerDemand(maxRows: number) {
  return {
    rowsMax: maxRows || Number.POSITIVE_INFINITY,
    bounds: { rowsMax: answerRowsMax, bytesMax: answerBytesMax, rowBytesMax: answerBytesMax },
    checkRowCount,
  };
}

/** What is known of an answer beside its rows. */
export interface AnswerFacts {
  readonly rowCount: number;
  readonly elapsedMs: number;
  readonly revision: string;
  readonly isTruncated: boolean;
}

/** The columns and rows of an answer. */
export interface AnswerTable {
  readonly columns: Uint8Array;
  readonly rows: Uint8Array;
  readonly rowCount: number;
  readonly isTruncated: boolean;
}

const none = new Uint8Array();

/** The answer of a statement that returns no rows. */
export const emptyTable: AnswerTable = { columns: none, rows: none, rowCount: 0, isTruncated: false };

/** Reads a whole result. Throws RESULT_TOO_LARGE. */
export function toTable(result: ExactResult): AnswerTable {
  const { columns, rowCount, isTruncated } = result;
  const batch = result.nextBatch();
  if (batch && batch.rowCount < rowCount) {
    throw rpcError(ErrorReason.RESULT_TOO_LARGE, 'the result has more bytes than one answer may have', {
      metadata: { limit_bytes: String(answerBytesMax) },
    });
  }
  return { columns, rows: batch?.bytes ?? none, rowCount, isTruncated };
}

/** A QueryResponse, or an ExecuteResponse, which has the same fields. */
export function encodeAnswer(table: AnswerTable, elapsedMs: number, revision: string): EncodedMessage {
  const { columns, rows, rowCount, isTruncated } = table;
  const bytes = columns.length + rows.length + factBytesMax;
  const writer = new WireWriter(bytes, bytes);
  writer.raw(columns);
  writer.raw(rows);
  encodeFacts(writer, 3, { rowCount, elapsedMs, revision, isTruncated });
  return new EncodedMessage(writer.take());
}

/** The last message of a stream. */
export function encodeDone(facts: AnswerFacts): EncodedMessage {
  const writer = new WireWriter(factBytesMax + 2, factBytesMax + 2);
  const start = writer.open(doneTag);
  encodeFacts(writer, 1, facts);
  writer.close(start);
  return new EncodedMessage(writer.take());
}

/** `done` is field 3 of StreamQueryResponse. */
const doneTag = 0x1a;

/** Four fields: a number, a double, a revision of at most 41 characters, each thrice as long at worst, and a flag. */
const factBytesMax = 192;

/** Writes row_count, elapsed_ms, revision and truncated, which stand beside each other from field `first` on. */
function encodeFacts(
  writer: WireWriter,
  first: number,
  { rowCount, elapsedMs, revision, isTruncated }: AnswerFacts,
): void {
  if (rowCount > 0) {
    writer.tag(first * 8);
    writer.varint(rowCount);
  }
  if (elapsedMs > 0) {
    writer.tag((first + 1) * 8 + 1);
    writer.double(elapsedMs);
  }
  encodeText(writer, (first + 2) * 8 + 2, revision);
  if (isTruncated) {
    writer.tag((first + 3) * 8);
    writer.tag(1);
  }
}

function checkRowCount(rowCount: number): void {
  if (rowCount <= answerRowsMax) return;
  throw rpcError(ErrorReason.RESULT_TOO_LARGE, 'the result has more rows than one answer may have', {
    metadata: { limit_rows: String(answerRowsMax) },
  });
}
