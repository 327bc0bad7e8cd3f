import { createReadStream } from 'node:fs';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';

/** A tab-separated file on its way into a table, through the public port. */
export interface FileUpload {
  readonly url: string;
  readonly apiKey: string;
  readonly graphId: string;
  readonly table: string;
  readonly path: string;
  readonly importId: string;
}

const chunkBytes = 256 * 2 ** 10;
const timeoutMs = 580_000;

/** Sends a file; resolves with the number of rows loaded. */
export type SendFile = (upload: FileUpload) => Promise<number>;

const overRest: SendFile = async ({ url, apiKey, graphId, table, path, importId }) => {
  const target = `${url}/v1/graphs/${graphId}/tables/${table}/import?csv.delimiter=%09&importId=${importId}`;
  const response = await fetch(target, {
    method: 'POST',
    headers: {
      'content-type': 'text/csv',
      authorization: `Bearer ${apiKey}`,
      'x-request-timeout': String(timeoutMs / 1_000),
    },
    body: ReadableStream.from(createReadStream(path, { highWaterMark: chunkBytes })),
    duplex: 'half',
  });
  const answer = (await response.json()) as { rowCount?: number };
  if (answer.rowCount === undefined) throw new Error(JSON.stringify(answer));
  return answer.rowCount;
};

const overGrpc: SendFile = async ({ url, apiKey, graphId, table, path, importId }) => {
  const client = createClient(GraphService, createGrpcTransport({ baseUrl: url }));
  const messages = async function* () {
    const csv = { delimiter: '\t' };
    yield { graphId, table, importId, csv, marksLast: true, body: { contentType: 'text/csv' } };
    for await (const data of createReadStream(path, { highWaterMark: chunkBytes })) yield { body: { data } };
    yield { isLast: true };
  };
  const headers = { authorization: `Bearer ${apiKey}` };
  return (await client.importTable(messages(), { headers, timeoutMs })).rowCount;
};

/** The ways that are measured. */
export const ways: Readonly<Record<string, SendFile>> = { 'gRPC stream': overGrpc, REST: overRest };
