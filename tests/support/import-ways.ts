import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { BadRequestSchema, ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { GraphService } from '../../gen/trellis/graph/v1/graph_pb.js';

/** What an upload is told to be. */
export interface Upload {
  readonly graphId: string;
  readonly table: string;
  readonly contentType: string;
  readonly importId?: string;
  readonly content: Uint8Array;
}

/** How an import ended for its client, whatever the protocol. */
export interface ImportEnd {
  readonly rowCount: number;
  /** The reason of the error; empty where it was loaded. */
  readonly reason: string;
  /** The rows, or fields, that the error names. */
  readonly violations: readonly { readonly field: string; readonly description: string }[];
}

/** Sends an upload through the public port with the credential of somebody. */
export type Send = (url: string, credential: string, upload: Upload) => Promise<ImportEnd>;

const chunkBytes = 64 * 2 ** 10;

/** REST with the bytes as they are, or encoded. */
function rest(encoding?: 'gzip' | 'zstd' | 'br'): Send {
  const encode = { gzip: gzipSync, zstd: zstdCompressSync, br: brotliCompressSync };
  return async (url, credential, { graphId, table, contentType, importId = '', content }) => {
    const path = `/v1/graphs/${graphId}/tables/${table}/import?importId=${importId}`;
    const response = await fetch(url + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${credential}`,
        'content-type': contentType,
        ...(encoding && { 'content-encoding': encoding }),
      },
      body: encoding ? new Uint8Array(encode[encoding](content)) : new Uint8Array(content),
    });
    const { rowCount = 0, error } = (await response.json()) as RestAnswer;
    const violations = error?.details.flatMap(({ fieldViolations = [] }) => fieldViolations) ?? [];
    return {
      rowCount,
      reason: error?.reason ?? '',
      violations: violations.map(({ field, description }) => ({ field, description })),
    };
  };
}

interface RestAnswer {
  readonly rowCount?: number;
  readonly error?: {
    readonly reason: string;
    readonly details: readonly { readonly fieldViolations?: ImportEnd['violations'] }[];
  };
}

/** A client stream of the messages of the contract. */
function stream(createTransport: (url: string) => Transport): Send {
  return async (url, credential, { graphId, table, contentType, importId = '', content }) => {
    const client = createClient(GraphService, createTransport(url));
    const messages = async function* () {
      const sizeBytes = BigInt(content.byteLength);
      yield { graphId, table, importId, sizeBytes, marksLast: true, body: { contentType } };
      for (let start = 0; start < content.byteLength; start += chunkBytes) {
        yield { body: { data: content.subarray(start, start + chunkBytes) } };
      }
      yield { isLast: true };
    };
    try {
      const headers = { authorization: `Bearer ${credential}` };
      const { rowCount } = await client.importTable(messages(), { headers });
      return { rowCount, reason: '', violations: [] };
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      const violations = error
        .findDetails(BadRequestSchema)
        .flatMap(({ fieldViolations }) => fieldViolations);
      return {
        rowCount: 0,
        reason: error.findDetails(ErrorInfoSchema)[0]?.reason ?? Code[error.code],
        violations: violations.map(({ field, description }) => ({ field, description })),
      };
    }
  };
}

/** Every way in which a file gets into a graph. */
export const importWays: Readonly<Record<string, Send>> = {
  REST: rest(),
  'REST in gzip': rest('gzip'),
  'REST in zstd': rest('zstd'),
  'REST in brotli': rest('br'),
  'a gRPC client stream': stream((baseUrl) => createGrpcTransport({ baseUrl })),
  'a Connect client stream': stream((baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2' })),
};
