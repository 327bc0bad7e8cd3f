import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { QueryRequestSchema, StreamQueryRequestSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { frame } from '../../../services/mesh/framing/envelope.ts';
import type { LoadRequest } from '../edge/line.ts';
import { ids } from './statements.ts';

/** A request as the load generator sends it, without the length of its answers. */
export interface Asked extends Omit<LoadRequest, 'answerBytes'> {
  readonly version: 'http1' | 'http2';
  readonly isStream: boolean;
  readonly bodies: readonly Uint8Array[];
}

const service = '/trellis.graph.v1.GraphService';

/** Query over gRPC, for each id in turn. */
export function queryByGrpc(graphId: string, statement: string, apiKey: string): Asked {
  const bodies = ids.map((id) => {
    const parameters = { id: { kind: { case: 'int64Value' as const, value: BigInt(id) } } };
    return toEnvelope(QueryRequestSchema, { graphId, statement, parameters });
  });
  return toAsked('http2', `${service}/Query`, grpcHeaders(apiKey), bodies);
}

/** Query over REST, for each id in turn. */
export function queryByRest(graphId: string, statement: string, apiKey: string): Asked {
  const bodies = ids.map((id) => Buffer.from(JSON.stringify({ statement, parameters: { id } })));
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  return toAsked('http1', `/v1/graphs/${graphId}/query`, headers, bodies);
}

/** StreamQuery over gRPC. */
export function streamByGrpc(graphId: string, statement: string, apiKey: string): Asked {
  const body = toEnvelope(StreamQueryRequestSchema, { graphId, statement });
  return { ...toAsked('http2', `${service}/StreamQuery`, grpcHeaders(apiKey), [body]), isStream: true };
}

function toAsked(
  version: Asked['version'],
  path: string,
  headers: Readonly<Record<string, string>>,
  bodies: readonly Uint8Array[],
): Asked {
  const [body] = bodies;
  if (!body) throw new Error('a load without requests');
  return { version, isStream: false, path, headers, body, bodies };
}

function grpcHeaders(apiKey: string) {
  return { 'content-type': 'application/grpc', te: 'trailers', authorization: `Bearer ${apiKey}` };
}

function toEnvelope<S extends DescMessage>(schema: S, init: MessageInitShape<S>): Uint8Array {
  return frame(toBinary(schema, create(schema, init)));
}
