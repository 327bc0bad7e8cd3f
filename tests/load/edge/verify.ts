import { isDeepStrictEqual } from 'node:util';
import { equals } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { GraphService, QueryResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { ForeignGrpcClient, type ForeignMessage } from '../../support/foreign-grpc.ts';
import { RestClient } from '../../support/rest.ts';
import {
  graphId,
  queryRequest,
  queryResponse,
  requestBodies,
  restPath,
  restRows,
  streamMessageCount,
  streamRequest,
} from './messages.ts';
import { probe } from './probe.ts';
import { portOf, type Server } from './servers.ts';
import { type Way, ways } from './ways.ts';

/** Calls once with a client that people use and compares the whole answer. Throws where it is not the expected one. */
export async function verify(name: string, way: Way, port: number, apiKey: string): Promise<void> {
  const isRight = await clientOf(way)(port, apiKey);
  if (!isRight) throw new Error(`${name}, ${way.name}: the answer is not what the upstream said`);
}

/** The edge must be one that refuses: else what is measured is not its admission. */
export async function verifyRefusal(edge: Server): Promise<void> {
  for (const way of [ways.grpc, ways.connectProto, ways.restJson]) {
    const { status, grpcStatus } = await probe(way, portOf(edge, way.version), 'trl_live_not_a_key');
    if (status !== 401 && grpcStatus !== '16')
      throw new Error(`the edge does not refuse a wrong key: ${way.name} answers ${status}, ${grpcStatus}`);
  }
}

type Check = (port: number, apiKey: string) => Promise<boolean>;

function clientOf(way: Way): Check {
  if (way === ways.grpc) return checkGrpc;
  if (way === ways.grpcStream) return checkGrpcStream;
  if (way === ways.restJson) return checkRest;
  return checkConnect(way);
}

const checkGrpc: Check = async (port, apiKey) => {
  const client = new ForeignGrpcClient(port, apiKey);
  try {
    const request = foreignRequest(queryRequest);
    const { rows, columns, revision } = await client.unary('graph.v1.GraphService', 'query', request);
    return columns.length === 2 && revision === '7' && isDeepStrictEqual(rows.map(foreignRow), restRows);
  } finally {
    client.close();
  }
};

const checkGrpcStream: Check = async (port, apiKey) => {
  const client = new ForeignGrpcClient(port, apiKey);
  try {
    let count = 0;
    const responses = client.stream('graph.v1.GraphService', 'streamQuery', foreignRequest(streamRequest));
    for await (const { rows } of responses) {
      const [id, name] = foreignRow(rows[0]);
      if (id !== 42 || !/^x{900,}$/.test(String(name))) return false;
      count++;
    }
    return count === streamMessageCount;
  } finally {
    client.close();
  }
};

const checkRest: Check = async (port, apiKey) => {
  const client = new RestClient(`http://127.0.0.1:${port}`, apiKey);
  const { status, body } = await client.post(restPath, JSON.parse(requestBodies.restJson.toString()));
  return status === 200 && body.rowCount === 1 && isDeepStrictEqual(body.rows, restRows);
};

function checkConnect(way: Way): Check {
  return async (port, apiKey) => {
    const transport = createConnectTransport({
      baseUrl: `http://127.0.0.1:${port}`,
      httpVersion: way.version === 'http2' ? '2' : '1.1',
      useBinaryFormat: way === ways.connectProto,
    });
    const client = createClient(GraphService, transport);
    const headers = { authorization: `Bearer ${apiKey}` };
    return equals(QueryResponseSchema, await client.query(queryRequest, { headers }), queryResponse);
  };
}

function foreignRequest({ statement }: { readonly statement: string }) {
  return { graphId, statement, parameters: { id: { int64Value: '42' } } };
}

function foreignRow({ values: [id, name] }: ForeignMessage): unknown[] {
  return [Number(id.int64Value), name.stringValue];
}
