/** The proxy that generic parts give for nothing: a Connect handler that calls a Connect client. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createGrpcTransport } from '@connectrpc/connect-node';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { reportReady } from './ready.ts';

const baseUrl = `http://127.0.0.1:${process.env.BENCH_UPSTREAM_PORT}`;
const client = createClient(GraphService, createGrpcTransport({ baseUrl }));
const handler = connectNodeAdapter({
  routes: (router) =>
    router.service(GraphService, {
      query: (request, { signal }) => client.query(request, { signal }),
      streamQuery: (request, { signal }) => client.streamQuery(request, { signal }),
    }),
});

reportReady({
  http2: await listen(createHttp2Server(handler)),
  http1: await listen(createHttpServer(handler)),
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
