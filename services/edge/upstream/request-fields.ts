import type { Caller } from '../../mesh/rpc/context.ts';
import { toGrpcTimeout } from '../../mesh/rpc/grpc-timeout.ts';
import { headers } from '../../mesh/rpc/headers.ts';
import { toTraceparent } from '../../mesh/rpc/trace.ts';
import type { Fields } from '../listener/exchange.ts';
import type { UpstreamRequest } from './upstream.ts';

/** The header fields with which a call goes to a service. */
export function requestFields(authority: string, request: UpstreamRequest, { assertion }: Caller): Fields {
  const fields = [
    ':method',
    'POST',
    ':scheme',
    'http',
    ':authority',
    authority,
    ':path',
    request.path,
    'content-type',
    'application/grpc+proto',
    'te',
    'trailers',
    headers.assertion,
    assertion,
    headers.requestId,
    request.requestId,
    headers.traceparent,
    toTraceparent(request.trace),
  ];
  if (request.deadlineMs !== undefined) fields.push('grpc-timeout', toGrpcTimeout(request.deadlineMs));
  if (request.clientAddress) fields.push(headers.clientAddress, request.clientAddress);
  if (request.metadata.length > 0) fields.push(...request.metadata);
  return fields;
}
