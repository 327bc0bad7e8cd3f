import type { DescMethod, Message } from '@bufbuild/protobuf';
import { ErrorReason } from '../../gen/trellis/common/v1/error_reason_pb.js';
import type { Placement } from '../../gen/trellis/graph/v1/placement_pb.js';
import type { Principal } from '../../gen/trellis/iam/v1/principal_pb.js';
import { Access, type MethodPolicy, Route } from '../../gen/trellis/policy/v1/policy_pb.js';
import type { Logger } from '../mesh/log/logger.ts';
import { methodPath } from '../mesh/policy/method-policy.ts';
import { untilCallEnd } from '../mesh/rpc/call-end.ts';
import { untilCertainEnd } from '../mesh/rpc/certain-end.ts';
import type { Channel } from '../mesh/rpc/channel.ts';
import type { Caller } from '../mesh/rpc/context.ts';
import { RpcError, rpcError } from '../mesh/rpc/error.ts';
import { takesStream } from '../mesh/rpc/service.ts';
import { authorize, graphNotFound, maySeeGraph } from './admission/authorize.ts';
import type { Identifier } from './admission/identify.ts';
import type { RateLimit } from './admission/rate-limit.ts';
import type { Forward, InboundCall } from './inbound-call.ts';
import type { MethodTable } from './method-table.ts';
import type { GraphCalls } from './routing/graph-calls.ts';
import type { PlacementTable } from './routing/placement-table.ts';

export interface ForwardOptions {
  readonly table: MethodTable;
  readonly identifier: Identifier;
  readonly limit: RateLimit;
  readonly placements: PlacementTable;
  readonly graphs: GraphCalls;
  /** The way to the control plane. */
  readonly channel: Channel;
  readonly log: Logger;
}

/**
 * The one way through the edge, whatever the protocol: identify, authorize, limit, route, forward. At the call's
 * deadline, and when its client is gone, it ends at once, whichever step it is at.
 */
export function createForward(options: ForwardOptions): Forward {
  return (method, requests, call) => {
    const heard = takesStream(method) ? untilCertainEnd(requests, call) : requests;
    const responses = pass(options, method, heard, call);
    return untilCallEnd(withLoggedBugs(responses, method, call, options.log), call);
  };
}

async function* pass(
  { table, identifier, limit, placements, graphs, channel }: ForwardOptions,
  method: DescMethod,
  requests: AsyncIterable<Message>,
  call: InboundCall,
): AsyncIterable<Message> {
  const { policy } = table.get(method);
  const caller = await identify(identifier, policy, call);
  if (caller?.principal) authorize(policy, caller.principal);
  await limit(policy, caller?.principal, call);
  const callOptions = { context: call, ...(caller && { caller }) };
  if (policy.route === Route.CONTROL) {
    yield* channel.call(method, requests, callOptions);
    return;
  }
  const { first, rest } = await takeFirst(requests);
  const placement = await findGraph(placements, method, first, caller?.principal);
  yield* graphs.run({ method, placement, first, rest, options: callOptions });
}

/** Clients are told that the log has the cause of an internal error: here it gets there. */
async function* withLoggedBugs(
  responses: AsyncIterable<Message>,
  method: DescMethod,
  { requestId, signal }: InboundCall,
  log: Logger,
): AsyncIterable<Message> {
  try {
    yield* responses;
  } catch (err) {
    if (!(err instanceof RpcError) && !signal.aborted) {
      log.error({ err, requestId, method: methodPath(method) }, 'a call failed at the edge');
    }
    throw err;
  }
}

/** Who calls; undefined where the method is public. A credential that comes with a public call is not looked at. */
async function identify(
  identifier: Identifier,
  policy: MethodPolicy,
  { credential }: InboundCall,
): Promise<Caller | undefined> {
  if (policy.access === Access.PUBLIC) return undefined;
  if (credential !== undefined) return identifier.identify(credential);
  const message = 'this needs a credential: Authorization: Bearer … or X-API-Key: …';
  throw rpcError(ErrorReason.CREDENTIAL_MISSING, message);
}

async function findGraph(
  placements: PlacementTable,
  method: DescMethod,
  request: Message,
  principal: Principal | undefined,
): Promise<Placement> {
  const graphId = graphIdOf(method, request);
  if (!graphId) {
    const violations = [{ field: 'graph_id', description: 'must name a graph' }];
    throw rpcError(ErrorReason.INVALID_REQUEST, 'graph_id is missing', { violations });
  }
  const placement = await placements.find(graphId);
  if (!principal || !maySeeGraph(principal, graphId, placement.organizationId)) throw graphNotFound();
  return placement;
}

/** Field 1 of every graph-scoped request is `string graph_id`. */
function graphIdOf(method: DescMethod, request: Message): string {
  const field = method.input.fields.find(({ number }) => number === 1);
  if (field?.name !== 'graph_id') throw new Error(`${method.input.typeName} does not begin with graph_id`);
  return (request as unknown as { readonly graphId: string }).graphId;
}

async function takeFirst(requests: AsyncIterable<Message>) {
  const iterator = requests[Symbol.asyncIterator]();
  const { value, done } = await iterator.next();
  if (done) throw rpcError(ErrorReason.MALFORMED_BODY, 'the call ended before its first message');
  const rest: AsyncIterable<Message> = { [Symbol.asyncIterator]: () => iterator };
  return { first: value, rest };
}
