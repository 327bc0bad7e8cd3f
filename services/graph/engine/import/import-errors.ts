import { ErrorReason } from '../../../../gen/trellis/common/v1/error_reason_pb.js';
import { type FieldViolation, type RpcError, rpcError } from '../../../mesh/rpc/error.ts';
import { invalidField } from './import-format.ts';
import type { TargetRefusal } from './import-target.ts';
import type { ColumnMismatch } from './parquet/match-columns.ts';
import { ParquetInvalid } from './parquet/parquet-invalid.ts';
import { ThriftInvalid } from './parquet/thrift-compact.ts';
import { type RowRefusal, RowsRefused } from './refusals.ts';
import { SpoolTooLarge } from './spool.ts';

/** Bytes of all that is told of rows: an error travels in the trailers of a call, which are small. */
const violationBytesMax = 4_096;
const mismatchesMax = 20;

/** The error of the contract for what the reading of an upload threw; anything else as it is. */
export function toImportError(error: unknown): unknown {
  if (error instanceof RowsRefused) return rowsError(error.refusals);
  if (error instanceof ParquetInvalid || error instanceof ThriftInvalid)
    return invalidField('body', `is no Parquet file to load: ${error.message}`);
  if (!(error instanceof SpoolTooLarge)) return error;
  return rpcError(ErrorReason.MESSAGE_TOO_LARGE, error.message, {
    metadata: { [`limit_${error.limit}`]: String(error.most) },
  });
}

function rowsError(refusals: readonly RowRefusal[]): RpcError {
  const [first] = refusals;
  const violations: FieldViolation[] = [];
  let bytes = 0;
  for (const { line, column, reason } of refusals) {
    const field = `lines[${line}]${column === '' ? '' : `.${column}`}`;
    bytes += Buffer.byteLength(field) + Buffer.byteLength(reason) + 8;
    if (violations.length > 0 && bytes > violationBytesMax) break;
    violations.push({ field, description: reason });
  }
  const { line = 0, column = '', reason = '' } = first ?? {};
  const place = column === '' ? `line ${line}` : `line ${line}, ${column}`;
  return rpcError(ErrorReason.IMPORT_ROW_INVALID, `${place}: ${reason}`, {
    metadata: { line: String(line) },
    violations,
  });
}

/** The error of a file whose columns are not those of the table. */
export function mismatchError(mismatches: readonly ColumnMismatch[]): RpcError {
  const shown = mismatches.slice(0, mismatchesMax);
  const violations = shown.map(({ column, reason }) => ({ field: `columns.${column}`, description: reason }));
  const [first] = shown;
  return rpcError(ErrorReason.INVALID_REQUEST, `the column ${first?.column} ${first?.reason}`, {
    violations,
  });
}

/** The error of a table that cannot be the target of an upload. */
export function targetError(reason: TargetRefusal, table: string): RpcError {
  if (reason === 'no-table') {
    return rpcError(ErrorReason.TABLE_NOT_FOUND, 'no table with this name', { metadata: { table } });
  }
  if (reason === 'unsupported-type') {
    return rpcError(
      ErrorReason.STATEMENT_FAILED,
      'a column of the table has a type, or a name, that cannot be imported from this format',
    );
  }
  const description =
    reason === 'no-pair'
      ? 'the table does not connect these labels'
      : 'the table connects several pairs of labels; name one with from_label and to_label';
  return invalidField('from_label', description);
}
