import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Tier } from '../../mesh/plan/tier-table.ts';
import { RpcError } from '../../mesh/rpc/error.ts';

interface NamedLimit {
  readonly words: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An error by which a limit of the tier refused a call, saying limit and tier; any other error as it is. */
export function withTierLimit(error: unknown, tier: Tier): unknown {
  if (!(error instanceof RpcError)) return error;
  const limit = limitOf(error.reason, tier);
  if (!limit) return error;
  const { code, reason, details, cause } = error;
  const message = `${error.message}; the tier ${tier.id} allows ${limit.words}`;
  const metadata = { ...error.metadata, tier: tier.id, ...limit.metadata };
  return new RpcError(code, reason, message, metadata, details, cause);
}

/** The messages of a stream, whose error says limit and tier where it is one of the tier's. */
export async function* withTierLimits<T>(messages: AsyncIterable<T>, tier: Tier): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    throw withTierLimit(error, tier);
  }
}

function limitOf(reason: ErrorReason, tier: Tier): NamedLimit | undefined {
  const { statementCharactersMax, queryTimeoutMs, bufferPoolBytes, statementsMax } = tier;
  const { readsWaitingMax, writesWaitingMax } = tier;
  switch (reason) {
    case ErrorReason.STATEMENT_TOO_LONG:
      return {
        words: `${statementCharactersMax} characters`,
        metadata: { limit_characters: String(statementCharactersMax) },
      };
    case ErrorReason.DEADLINE_EXCEEDED:
      return { words: `${queryTimeoutMs / 1_000} s`, metadata: { limit_ms: String(queryTimeoutMs) } };
    case ErrorReason.OUT_OF_MEMORY:
      return {
        words: `${Math.floor(bufferPoolBytes / 2 ** 20)} MiB`,
        metadata: { limit_bytes: String(bufferPoolBytes) },
      };
    case ErrorReason.GRAPH_BUSY:
      return {
        words: `${statementsMax} statements at a time, with ${readsWaitingMax} reads and ${writesWaitingMax} writes waiting`,
        metadata: {
          limit_statements: String(statementsMax),
          limit_waiting_reads: String(readsWaitingMax),
          limit_waiting_writes: String(writesWaitingMax),
        },
      };
    default:
      return undefined;
  }
}
