import type { DescMethod, Message } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Placement } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { CallOptions, CallOrigin } from '../../mesh/rpc/channel.ts';
import type { ChannelPool } from '../../mesh/rpc/channel-pool.ts';
import { RpcError, rpcError } from '../../mesh/rpc/error.ts';
import { once, takesStream } from '../../mesh/rpc/service.ts';
import { connectionLoss } from '../../mesh/rpc/status.ts';
import type { PlacementTable } from './placement-table.ts';

const attemptsMax = 3;

export interface GraphCall {
  readonly method: DescMethod;
  readonly placement: Placement;
  readonly first: Message;
  /** The requests after the first. */
  readonly rest: AsyncIterable<Message>;
  readonly options: CallOptions & { readonly context: CallOrigin };
}

/** Calls the engine processes of graphs, one hop away. */
export class GraphCalls {
  readonly #placements: PlacementTable;
  readonly #pool: ChannelPool;

  constructor(placements: PlacementTable, pool: ChannelPool) {
    this.#placements = placements;
    this.#pool = pool;
  }

  /**
   * Runs a call on the engine process that serves the graph, waking the graph where none does. When that process is
   * lost before it answered, a call that cannot have changed anything is made again where the graph is next; any
   * other fails with OUTCOME_UNKNOWN.
   */
  async *run({ method, placement, first, rest, options }: GraphCall): AsyncIterable<Message> {
    let target = placement;
    let unreachable = '';
    for (let attempt = 1; ; attempt++) {
      if (target.endpoint === unreachable) target = await this.#placements.wake(target.graphId, unreachable);
      const requests = takesStream(method) ? concat(first, rest) : once(first);
      let isAnswered = false;
      try {
        for await (const response of this.#pool.get(target.endpoint).call(method, requests, options)) {
          isAnswered = true;
          yield response;
        }
        return;
      } catch (error) {
        const loss = error instanceof RpcError ? connectionLoss(error) : undefined;
        if (!loss) throw error;
        this.#placements.forgetEndpoint(target);
        const mayRepeat =
          !isAnswered && !takesStream(method) && (loss === 'not-sent' || isIdempotent(method));
        if (!mayRepeat || attempt === attemptsMax) throw loss === 'lost' ? lost(method, error) : error;
        unreachable = target.endpoint;
        if (options.context.signal.aborted) throw error;
      }
    }
  }
}

function isIdempotent(method: DescMethod): boolean {
  return method.idempotency !== Idempotency.IDEMPOTENCY_UNKNOWN;
}

function lost(method: DescMethod, cause: unknown): RpcError {
  if (isIdempotent(method)) {
    return rpcError(ErrorReason.UNAVAILABLE, 'the graph was lost during the call', {
      retryAfterMs: 1_000,
      cause,
    });
  }
  const message = 'the graph was lost during the call: it may or may not have taken effect';
  return rpcError(ErrorReason.OUTCOME_UNKNOWN, message, { cause });
}

async function* concat(first: Message, rest: AsyncIterable<Message>): AsyncIterable<Message> {
  yield first;
  yield* rest;
}
