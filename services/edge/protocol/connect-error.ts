import type { Any } from '@bufbuild/protobuf/wkt';
import { type Code, ConnectError } from '@connectrpc/connect';
import { type RpcError, toRpcError, toStatus } from '../../mesh/rpc/error.ts';
import type { InboundCall } from '../inbound-call.ts';

/** An error as gRPC, gRPC-Web and Connect send it: code, message and details in each protocol's form. */
export function toConnectError(thrown: unknown, call: InboundCall): ConnectError {
  const error: RpcError = toRpcError(thrown);
  const metadata = new Headers();
  if (error.retryAfterMs !== undefined) {
    metadata.set('grpc-retry-pushback-ms', String(Math.ceil(error.retryAfterMs)));
    metadata.set('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
  }
  const connectError = new ConnectError(error.message, error.code as number as Code, metadata);
  connectError.details = toStatus(error, call.requestId).details.map(toDetail);
  return connectError;
}

function toDetail({ typeUrl, value }: Any) {
  return { type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1), value };
}
