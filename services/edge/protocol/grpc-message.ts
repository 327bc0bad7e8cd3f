import type { HttpRequest, HttpResponse } from '../listener/one-port.ts';
import { headerOf } from './rest-call.ts';

/** The percent-encoding of `grpc-message`: of what is not printable ASCII, and of the percent sign. */
export function encodeGrpcMessage(message: string): string {
  return message.toWellFormed().replace(/[^ -$&-~]+/g, encodeURIComponent);
}

/**
 * Has a gRPC answer say its message as the protocol wants it. Connect encodes colons and the like too, and grpc-js
 * shows those as they came.
 */
export function withPlainGrpcMessage(request: HttpRequest, response: HttpResponse): void {
  const contentType = headerOf(request, 'content-type') ?? '';
  if (!contentType.startsWith('application/grpc') || contentType.startsWith('application/grpc-web')) return;
  const addTrailers = response.addTrailers.bind(response) as (trailers: Trailers) => void;
  response.addTrailers = (trailers: Trailers) => {
    const encoded = trailers['grpc-message'];
    if (typeof encoded !== 'string') return addTrailers(trailers);
    addTrailers({ ...trailers, 'grpc-message': encodeGrpcMessage(decodeURIComponent(encoded)) });
  };
}

type Trailers = Readonly<Record<string, unknown>>;
