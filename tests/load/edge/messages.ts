import { create, type DescMessage, type MessageShape, toBinary, toJsonString } from '@bufbuild/protobuf';
import {
  QueryRequestSchema,
  QueryResponseSchema,
  StreamQueryRequestSchema,
  StreamQueryResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';

/** What every call of the benchmark asks and every answer says, and their bytes in each protocol. */
export const graphId = 'kg_0123456789abcdefghij';
export const queryPath = '/trellis.graph.v1.GraphService/Query';
export const streamPath = '/trellis.graph.v1.GraphService/StreamQuery';
export const restPath = `/v1/graphs/${graphId}/query`;

export const streamMessageCount = 1_000;
/** Without its five bytes of prefix. */
const streamMessageBytes = 1_024;
const prefixBytes = 5;
export const streamEnvelopeBytes = streamMessageBytes + prefixBytes;

const statement = 'MATCH (t:T) WHERE t.id = $id RETURN t.id, t.name';
/** By these bytes the upstream knows a request for a stream. */
export const streamMark = '// stream';
const id = 42;
const parameters = { id: { kind: { case: 'int64Value' as const, value: BigInt(id) } } };

export const queryRequest = create(QueryRequestSchema, { graphId, statement, parameters });
export const streamRequest = create(StreamQueryRequestSchema, {
  graphId,
  statement: `${statement} ${streamMark}`,
  parameters,
});
export const queryResponse = create(QueryResponseSchema, {
  columns: [
    { name: 't.id', type: 'INT64' },
    { name: 't.name', type: 'STRING' },
  ],
  rows: [row(id, `name of ${id}`)],
  rowCount: 1,
  elapsedMs: 0.25,
  revision: '7',
});

/** The same request in the forms that clients of each protocol send. */
export const requestBodies = {
  grpc: toEnvelope(QueryRequestSchema, queryRequest),
  grpcStream: toEnvelope(StreamQueryRequestSchema, streamRequest),
  proto: toBinary(QueryRequestSchema, queryRequest),
  connectJson: Buffer.from(toJsonString(QueryRequestSchema, queryRequest)),
  restJson: Buffer.from(JSON.stringify({ statement, parameters: { id } })),
};

/** The answer as REST JSON shows it. */
export const restRows = [[id, `name of ${id}`]];

/** One message of the streamed answer, exactly 1 KiB; all are alike, so that bytes tell how many came. */
export const streamResponse = create(StreamQueryResponseSchema, { rows: [row(id, nameThatFills())] });

/** A message with the five-byte prefix that gRPC puts before it. */
export function toEnvelope<D extends DescMessage>(schema: D, message: MessageShape<D>): Buffer {
  const bytes = toBinary(schema, message);
  const envelope = Buffer.alloc(prefixBytes + bytes.length);
  envelope.writeUInt32BE(bytes.length, 1);
  envelope.set(bytes, prefixBytes);
  return envelope;
}

function row(rowId: number, name: string) {
  return {
    values: [
      { kind: { case: 'int64Value' as const, value: BigInt(rowId) } },
      { kind: { case: 'stringValue' as const, value: name } },
    ],
  };
}

/** A name of the length that makes the message 1 KiB; its prefixes grow with it, so the length is found by trying. */
function nameThatFills(): string {
  for (let length = streamMessageBytes; length > 0; length--) {
    const candidate = create(StreamQueryResponseSchema, { rows: [row(id, 'x'.repeat(length))] });
    if (toBinary(StreamQueryResponseSchema, candidate).length === streamMessageBytes)
      return 'x'.repeat(length);
  }
  throw new Error('no name makes the message 1 KiB');
}
