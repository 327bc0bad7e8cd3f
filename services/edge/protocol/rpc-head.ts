import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type RpcError, rpcError } from '../../mesh/rpc/error.ts';
import { parseGrpcTimeout } from '../../mesh/rpc/grpc-timeout.ts';
import type { InboundHead } from '../inbound-call.ts';
import { toInboundHead } from '../inbound-head.ts';
import type { Exchange } from '../listener/exchange.ts';
import { headerOf } from './header.ts';
import type { ProtocolName } from './media-type.ts';
import { toMetadata } from './metadata.ts';
import type { RpcContext } from './rpc-context.ts';
import { parseConnectTimeout } from './timeout.ts';

/** The head of a call; where it says something wrong, the error beside it. */
export interface RpcHead {
  readonly head: InboundHead;
  readonly error: RpcError | undefined;
}

/** Reads the head of a call in any of the protocols. */
export function toRpcHead(exchange: Exchange, protocol: ProtocolName, { cors }: RpcContext): RpcHead {
  const { headers } = exchange;
  let timeoutMs: number | undefined;
  let error: RpcError | undefined;
  try {
    timeoutMs = readTimeout(exchange, protocol);
  } catch (thrown) {
    error = thrown as RpcError;
  }
  const head = toInboundHead({
    header: (name) => headerOf(headers, name),
    clientAddress: exchange.clientAddress,
    timeoutMs,
    metadata: toMetadata(exchange.rawHeaders),
  });
  if (headers.origin !== undefined) addFields(head.responseHeaders, cors.fields(headers));
  return { head, error };
}

function readTimeout({ headers }: Exchange, protocol: ProtocolName): number | undefined {
  if (protocol !== 'connect' && protocol !== 'connect-stream') {
    const value = headerOf(headers, 'grpc-timeout');
    return value === undefined ? undefined : parseGrpcTimeout(value);
  }
  const version = headerOf(headers, 'connect-protocol-version');
  if (version !== undefined && version !== '1') {
    throw rpcError(ErrorReason.INVALID_REQUEST, 'connect-protocol-version must be 1');
  }
  const value = headerOf(headers, 'connect-timeout-ms');
  return value === undefined ? undefined : parseConnectTimeout(value);
}

function addFields(to: Map<string, string>, fields: readonly string[]): void {
  for (let index = 0; index < fields.length; index += 2) to.set(fields[index] ?? '', fields[index + 1] ?? '');
}
