import type { DescMethod, Message } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createContextKey,
  type HandlerContext,
  type MethodImpl,
} from '@connectrpc/connect';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import { givesStream, once, only, takesStream } from '../../mesh/rpc/service.ts';
import type { Forward, InboundCall } from '../inbound-call.ts';
import { toInboundCall } from '../listener/inbound.ts';
import type { MethodTable } from '../method-table.ts';
import { toConnectError } from './connect-error.ts';

/** Where a call came from, put there by the listener. */
export const clientAddressKey = createContextKey('', { description: 'client address' });

/** Serves every public method over gRPC, gRPC-Web and Connect by passing it to the data path. */
export function connectRoutes(table: MethodTable, forward: Forward): (router: ConnectRouter) => void {
  return (router) => {
    for (const { desc } of table.methods) router.rpc(desc, toImplementation(desc, forward));
  };
}

type Input = Message | AsyncIterable<Message>;

function toImplementation(method: DescMethod, forward: Forward): MethodImpl<DescMethod> {
  const run = (input: Input, context: HandlerContext) => {
    const call = toCall(context);
    const requests = takesStream(method)
      ? withRpcErrors(input as AsyncIterable<Message>)
      : once(input as Message);
    const responses = forward(method, requests, call);
    return withConnectErrors(givesStream(method) ? responses : exactlyOne(responses), call);
  };
  const implementation = givesStream(method)
    ? run
    : (input: Input, context: HandlerContext) => only(run(input, context));
  return implementation as MethodImpl<DescMethod>;
}

async function* exactlyOne(responses: AsyncIterable<Message>): AsyncIterable<Message> {
  yield await only(responses);
}

/** What is wrong with a stream of requests, as an error of ours. */
async function* withRpcErrors(requests: AsyncIterable<Message>): AsyncIterable<Message> {
  try {
    yield* requests;
  } catch (error) {
    throw error instanceof ConnectError ? toRequestError(error) : error;
  }
}

function toRequestError(error: ConnectError) {
  switch (error.code) {
    case Code.ResourceExhausted:
      return rpcError(ErrorReason.MESSAGE_TOO_LARGE, error.rawMessage, { cause: error });
    case Code.Canceled:
    case Code.Aborted:
      return rpcError(ErrorReason.CANCELLED, 'the caller gave up', { cause: error });
    case Code.DeadlineExceeded:
      return rpcError(ErrorReason.DEADLINE_EXCEEDED, "the call's deadline passed", { cause: error });
    default:
      return rpcError(ErrorReason.MALFORMED_BODY, error.rawMessage, { cause: error });
  }
}

async function* withConnectErrors(
  responses: AsyncIterable<Message>,
  call: InboundCall,
): AsyncIterable<Message> {
  try {
    yield* responses;
  } catch (error) {
    throw toConnectError(error, call);
  }
}

function toCall(context: HandlerContext): InboundCall {
  return toInboundCall({
    header: (name) => context.requestHeader.get(name) ?? undefined,
    clientAddress: context.values.get(clientAddressKey),
    timeoutMs: context.timeoutMs(),
    signal: context.signal,
    responseHeaders: context.responseHeader,
  });
}
