import { Code } from '../../../gen/google/rpc/code_pb.js';
import type { HttpRequest, HttpResponse } from '../listener/one-port.ts';
import { encodeGrpcMessage } from './grpc-message.ts';
import { headerOf } from './rest-call.ts';

/**
 * Answers a gRPC or gRPC-Web call of a method that does not exist: UNIMPLEMENTED as trailers-only, never a bare HTTP
 * status, which gRPC clients would read as something else. False for other requests.
 */
export function refuseUnknownGrpc(request: HttpRequest, response: HttpResponse): boolean {
  const contentType = headerOf(request, 'content-type') ?? '';
  if (!contentType.startsWith('application/grpc')) return false;
  request.resume();
  const headers = {
    'content-type': contentType,
    'grpc-status': String(Code.UNIMPLEMENTED),
    'grpc-message': encodeGrpcMessage(`no method ${request.url}`),
  };
  if ('stream' in response && response.stream && !response.stream.destroyed) {
    // One HEADERS frame that ends the stream, which the response object cannot send.
    response.stream.respond({ ':status': 200, ...headers }, { endStream: true });
  } else {
    (response.writeHead as (status: number, headers: object) => void)(200, headers);
    response.end();
  }
  return true;
}
