import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type RpcError, rpcError } from '../../mesh/rpc/error.ts';
import type { RefusalReason } from '../domain/cypher/refusal.ts';
import { ParameterInvalid } from '../domain/values/bind-parameters.ts';
import { RowTooLarge } from '../engine/encode/row-batches.ts';
import { EngineFailure, type EngineFailureKind } from '../engine/engine-failure.ts';
import { ValueNotExact } from '../engine/exact-result.ts';
import { StatementRefused } from '../engine/statement-refused.ts';

const reasonByKind: Readonly<Record<EngineFailureKind, ErrorReason>> = {
  invalid: ErrorReason.STATEMENT_INVALID,
  failed: ErrorReason.STATEMENT_FAILED,
  timeout: ErrorReason.DEADLINE_EXCEEDED,
  cancelled: ErrorReason.CANCELLED,
  busy: ErrorReason.GRAPH_BUSY,
  storage: ErrorReason.STORAGE_FULL,
  memory: ErrorReason.OUT_OF_MEMORY,
  unknown: ErrorReason.OUTCOME_UNKNOWN,
  closed: ErrorReason.UNAVAILABLE,
};

const reasonByRefusal: Readonly<Record<RefusalReason, ErrorReason>> = {
  STATEMENT_NOT_ALLOWED: ErrorReason.STATEMENT_NOT_ALLOWED,
  STATEMENT_SYNTAX: ErrorReason.STATEMENT_INVALID,
  STATEMENT_TOO_LONG: ErrorReason.STATEMENT_TOO_LONG,
  STATEMENT_TOO_COMPLEX: ErrorReason.STATEMENT_NOT_ALLOWED,
  STATEMENT_WRITES: ErrorReason.STATEMENT_WRITES,
};

const retryAfterMs = 1_000;

/** Runs a call's work and turns what it throws into the errors of the contract. */
export async function withRpcErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toCallError(error);
  }
}

/** The error of the contract for what the engine, the gate or the binder threw; anything else as it is. */
export function toCallError(error: unknown): RpcError | unknown {
  if (error instanceof StatementRefused) return refusalError(error);
  if (error instanceof ParameterInvalid) {
    const metadata = { parameter: error.parameter };
    return rpcError(ErrorReason.PARAMETER_INVALID, error.message, { metadata });
  }
  if (error instanceof ValueNotExact) {
    const metadata = { column: error.column, type: error.type };
    return rpcError(ErrorReason.VALUE_NOT_EXACT, error.message, { metadata });
  }
  if (error instanceof RowTooLarge) {
    const metadata = { limit_bytes: String(error.bytesMax) };
    return rpcError(ErrorReason.RESULT_TOO_LARGE, error.message, { metadata });
  }
  if (isNoSpace(error)) {
    return rpcError(ErrorReason.STORAGE_FULL, "the disk of the graph's node is full", { cause: error });
  }
  if (!(error instanceof EngineFailure)) return error;
  const reason = reasonByKind[error.kind];
  const isRetryable = error.kind === 'busy' || error.kind === 'closed';
  return rpcError(reason, error.message, {
    metadata: error.facts,
    cause: error.cause ?? error,
    ...(isRetryable ? { retryAfterMs } : {}),
  });
}

/** What the system says to this process, which keeps uploads, when it takes no more. */
function isNoSpace(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}

function refusalError({ refusal, charactersMax }: StatementRefused): RpcError {
  const { construct, line, column, offset, message } = refusal;
  const metadata =
    refusal.reason === 'STATEMENT_TOO_LONG'
      ? { limit_characters: String(charactersMax) }
      : { construct, line: String(line), column: String(column), offset: String(offset) };
  return rpcError(reasonByRefusal[refusal.reason], message, { metadata });
}
