import { Code } from '../../../gen/google/rpc/code_pb.js';
import { encodeGrpcMessage } from '../../mesh/rpc/grpc-message.ts';
import type { CallEnd } from '../data-path/call.ts';
import type { Fields } from '../listener/exchange.ts';

const okTrailers: Fields = ['grpc-status', '0'];

/** The trailers that end a call in gRPC and gRPC-Web. */
export function grpcTrailers({ code, message, details, trailers, retryAfterMs }: CallEnd): Fields {
  if (code === Code.OK && trailers.length === 0) return okTrailers;
  const fields = ['grpc-status', String(code)];
  if (message !== '') fields.push('grpc-message', encodeGrpcMessage(message));
  if (details !== '') fields.push('grpc-status-details-bin', details);
  if (retryAfterMs !== undefined) {
    fields.push(
      'grpc-retry-pushback-ms',
      String(retryAfterMs),
      'retry-after',
      String(Math.ceil(retryAfterMs / 1000)),
    );
  }
  return fields.concat(trailers);
}
