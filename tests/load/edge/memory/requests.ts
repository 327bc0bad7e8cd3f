import { gzipSync } from 'node:zlib';
import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import {
  ImportTableRequestSchema,
  QueryRequestSchema,
  StreamQueryRequestSchema,
} from '../../../../gen/trellis/graph/v1/graph_pb.js';
import { graphId, queryPath, restPath, streamPath, toEnvelope } from '../messages.ts';
import { type Script, toScriptName } from './script.ts';

/** A request as it goes over the wire, without the credential. */
export interface ScriptedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const importPath = '/trellis.graph.v1.GraphService/ImportTable';
const grpc = { 'content-type': 'application/grpc', te: 'trailers' };
const json = { 'content-type': 'application/json' };

function query(script: Script) {
  return create(QueryRequestSchema, { graphId, statement: toScriptName(script) });
}

function streamQuery(script: Script) {
  return create(StreamQueryRequestSchema, { graphId, statement: toScriptName(script) });
}

export function grpcQuery(script: Script): ScriptedRequest {
  return { path: queryPath, headers: grpc, body: toEnvelope(QueryRequestSchema, query(script)) };
}

/** Compressed, and so is the answer to be where it is worth it. */
export function grpcQueryGzip(script: Script): ScriptedRequest {
  const payload = gzipSync(toBinary(QueryRequestSchema, query(script)));
  const head = Buffer.alloc(5);
  head.writeUInt8(1);
  head.writeUInt32BE(payload.length, 1);
  const headers = { ...grpc, 'grpc-encoding': 'gzip', 'grpc-accept-encoding': 'gzip' };
  return { path: queryPath, headers, body: Buffer.concat([head, payload]) };
}

export function grpcStream(script: Script): ScriptedRequest {
  const body = toEnvelope(StreamQueryRequestSchema, streamQuery(script));
  return { path: streamPath, headers: grpc, body };
}

export function connectJson(script: Script): ScriptedRequest {
  const body = Buffer.from(toJsonString(QueryRequestSchema, query(script)));
  return { path: queryPath, headers: { ...json, 'connect-protocol-version': '1' }, body };
}

export function connectJsonStream(script: Script): ScriptedRequest {
  const payload = Buffer.from(toJsonString(StreamQueryRequestSchema, streamQuery(script)));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length, 1);
  const headers = { 'content-type': 'application/connect+json', 'connect-protocol-version': '1' };
  return { path: streamPath, headers, body: Buffer.concat([head, payload]) };
}

export function restQuery(script: Script): ScriptedRequest {
  const body = Buffer.from(JSON.stringify({ statement: toScriptName(script) }));
  return { path: restPath, headers: json, body };
}

export function restStream(script: Script): ScriptedRequest {
  const headers = { ...json, accept: 'application/x-ndjson' };
  return { ...restQuery(script), path: `${restPath}/stream`, headers };
}

/** The beginning of an upload; `grpcUploadPart` is how it goes on. */
export function grpcUpload(script: Script): ScriptedRequest {
  const first = create(ImportTableRequestSchema, {
    graphId,
    table: toScriptName(script),
    body: { contentType: 'text/csv' },
  });
  return { path: importPath, headers: grpc, body: toEnvelope(ImportTableRequestSchema, first) };
}

/** A message of an upload with this many bytes of a file. */
export function grpcUploadPart(bytes: number): Buffer {
  const body = { data: Buffer.alloc(bytes, '1,2\n') };
  return toEnvelope(ImportTableRequestSchema, create(ImportTableRequestSchema, { body }));
}

/** The head of an upload by REST; its body is the file. */
export function restUpload(script: Script, body = Buffer.alloc(0)): ScriptedRequest {
  const path = `/v1/graphs/${graphId}/tables/${toScriptName(script)}/import`;
  return { path, headers: { 'content-type': 'text/csv' }, body };
}
