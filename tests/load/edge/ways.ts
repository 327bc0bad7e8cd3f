import { queryPath, requestBodies, restPath, streamPath } from './messages.ts';

/** How a client speaks: what it sends and which of its server's ports it uses. */
export interface Way {
  readonly name: string;
  readonly version: 'http1' | 'http2';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly isStream?: boolean;
}

const grpcHeaders = { 'content-type': 'application/grpc', te: 'trailers' };
const jsonHeaders = { 'content-type': 'application/json' };

export const ways = {
  grpc: {
    name: 'gRPC unary',
    version: 'http2',
    path: queryPath,
    headers: grpcHeaders,
    body: requestBodies.grpc,
  },
  grpcStream: {
    name: 'gRPC server stream',
    version: 'http2',
    path: streamPath,
    headers: grpcHeaders,
    body: requestBodies.grpcStream,
    isStream: true,
  },
  connectProto: {
    name: 'Connect proto',
    version: 'http2',
    path: queryPath,
    headers: { 'content-type': 'application/proto', 'connect-protocol-version': '1' },
    body: requestBodies.proto,
  },
  connectJson: {
    name: 'Connect JSON',
    version: 'http2',
    path: queryPath,
    headers: { ...jsonHeaders, 'connect-protocol-version': '1' },
    body: requestBodies.connectJson,
  },
  connectJsonHttp1: {
    name: 'Connect JSON, HTTP/1.1',
    version: 'http1',
    path: queryPath,
    headers: { ...jsonHeaders, 'connect-protocol-version': '1' },
    body: requestBodies.connectJson,
  },
  restJson: {
    name: 'REST JSON, HTTP/1.1',
    version: 'http1',
    path: restPath,
    headers: jsonHeaders,
    body: requestBodies.restJson,
  },
} as const satisfies Record<string, Way>;
