import { create, fromBinary, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import type { ServiceError } from '@grpc/grpc-js';
import { ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../gen/google/rpc/status_pb.js';
import { GraphService, QueryResponseSchema } from '../../gen/trellis/graph/v1/graph_pb.js';
import { type Value, ValueSchema } from '../../gen/trellis/graph/v1/value_pb.js';
import type { ValueKind } from '../../services/graph/domain/values/value.ts';
import { ForeignGrpcClient, type ForeignMessage } from './foreign-grpc.ts';
import type { Mesh } from './mesh.ts';
import type { Tenant } from './rest.ts';

/** A value in the typed form, and in REST's with the type that a column would have. */
export interface SaidValue {
  readonly type: string;
  readonly kind: ValueKind;
  readonly rest: unknown;
}

/** A client of one protocol, with what it shows of values. */
export interface ValueClient {
  readonly name: string;
  /** The rows of an answer, or the reason of the error. */
  run(
    method: 'query' | 'execute',
    statement: string,
    parameters?: Readonly<Record<string, SaidValue>>,
  ): Promise<unknown[][] | string>;
  /** What this protocol shows of a value. */
  shows(value: SaidValue): unknown;
}

/** A client of each protocol that carries values in a way of its own. */
export function createValueClients(mesh: Mesh, tenant: Tenant, graphId: string): readonly ValueClient[] {
  return [
    grpcClient(mesh, tenant, graphId),
    connectClient(mesh, tenant, graphId),
    connectJsonClient(tenant, graphId),
    restClient(tenant, graphId),
  ];
}

/** A client that has nothing but the .proto files. */
function grpcClient(mesh: Mesh, tenant: Tenant, graphId: string): ValueClient {
  const grpc = new ForeignGrpcClient(mesh.port, tenant.apiKey);
  return {
    name: 'gRPC',
    async run(method, statement, parameters = {}) {
      const given = mapValues(parameters, ({ kind }) => toForeign(toJson(ValueSchema, asValue(kind))));
      try {
        const answer = await grpc.unary('graph.v1.GraphService', method, {
          graphId,
          statement,
          parameters: given,
        });
        const rows: ForeignMessage[] = answer.rows ?? [];
        return rows.map(({ values }) =>
          values.map((value: ForeignMessage) => fromJson(ValueSchema, fromForeign(value)).kind),
        );
      } catch (error) {
        return grpcReason(error);
      }
    },
    shows: ({ kind }) => kind,
  };
}

function connectClient(mesh: Mesh, tenant: Tenant, graphId: string): ValueClient {
  const transport = createConnectTransport({
    baseUrl: mesh.url,
    useBinaryFormat: true,
    fetch: (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('authorization', `Bearer ${tenant.apiKey}`);
      return fetch(input, { ...init, headers });
    },
  });
  const client = createClient(GraphService, transport);
  return {
    name: 'Connect binary',
    async run(method, statement, parameters = {}) {
      const given = mapValues(parameters, ({ kind }) => asValue(kind));
      try {
        const { rows } = await client[method]({ graphId, statement, parameters: given });
        return rows.map(({ values }) => values.map((value) => value.kind));
      } catch (error) {
        if (!(error instanceof ConnectError) || error.code === Code.Internal) throw error;
        return error.findDetails(ErrorInfoSchema)[0]?.reason ?? `code ${error.code}`;
      }
    },
    shows: ({ kind }) => kind,
  };
}

/** Written by hand: the library's client says 0 for -0. */
function connectJsonClient(tenant: Tenant, graphId: string): ValueClient {
  return {
    name: 'Connect JSON',
    async run(method, statement, parameters = {}) {
      const given = mapValues(parameters, ({ kind }) => toJson(ValueSchema, asValue(kind)));
      const path = `/trellis.graph.v1.GraphService/${method === 'query' ? 'Query' : 'Execute'}`;
      const body = toText({ graphId, statement, parameters: given });
      const { status, body: answer } = await tenant.rest.send('POST', path, body, 'application/json');
      if (status === 200) {
        const { rows } = fromJson(QueryResponseSchema, answer, { ignoreUnknownFields: true });
        return rows.map(({ values }) => values.map((value) => value.kind));
      }
      const info = answer.details.find((detail: { type: string }) => detail.type === 'google.rpc.ErrorInfo');
      return fromBinary(ErrorInfoSchema, Buffer.from(info.value, 'base64')).reason;
    },
    shows: ({ kind }) => kind,
  };
}

function restClient(tenant: Tenant, graphId: string): ValueClient {
  return {
    name: 'REST',
    async run(method, statement, parameters = {}) {
      const given = mapValues(
        parameters,
        ({ type, rest }) => `{"$type":${JSON.stringify(type)},"value":${toText(rest)}}`,
      );
      const members = Object.entries(given).map(([each, text]) => `${JSON.stringify(each)}:${text}`);
      const body = `{"statement":${JSON.stringify(statement)},"parameters":{${members.join(',')}}}`;
      const answer = await tenant.rest.send(
        'POST',
        `/v1/graphs/${graphId}/${method}`,
        body,
        'application/json',
      );
      return answer.status === 200 ? answer.body.rows : answer.body.error.reason;
    },
    shows: ({ rest }) => rest,
  };
}

/** JSON in which -0 stays what it is. */
function toText(json: unknown): string {
  if (Object.is(json, -0)) return '-0.0';
  if (Array.isArray(json)) return `[${json.map(toText).join(',')}]`;
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  const members = Object.entries(json).map(([name, member]) => `${JSON.stringify(name)}:${toText(member)}`);
  return `{${members.join(',')}}`;
}

function asValue(kind: ValueKind): Value {
  return create(ValueSchema, { kind } as Parameters<typeof create<typeof ValueSchema>>[1]);
}

function mapValues<T, U>(object: Readonly<Record<string, T>>, to: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, to(value)]));
}

/** Canonical protobuf JSON as proto-loader takes it: NULL by name, the doubles that JSON has no numbers for. */
function toForeign(json: JsonValue): unknown {
  if (Array.isArray(json)) return json.map(toForeign);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      if (name === 'nullValue') return [name, 'NULL_VALUE'];
      if (name === 'doubleValue' || name === 'floatValue') return [name, Number(value)];
      if (name === 'bytesValue') return [name, Buffer.from(String(value), 'base64')];
      return [name, toForeign(value as JsonValue)];
    }),
  );
}

/** The way back: less the oneof's name. */
function fromForeign(message: ForeignMessage): JsonValue {
  if (Array.isArray(message)) return message.map(fromForeign);
  if (typeof message !== 'object') return message;
  const entries = Object.entries<ForeignMessage>(message).filter(([name]) => name !== 'kind');
  return Object.fromEntries(
    entries.map(([name, value]): [string, JsonValue] => {
      if (name === 'nullValue') return [name, null];
      if (name === 'bytesValue') return [name, Buffer.from(value).toString('base64')];
      if (typeof value === 'number' && !Number.isFinite(value)) return [name, String(value)];
      return [name, fromForeign(value)];
    }),
  );
}

function grpcReason(error: unknown): string {
  const { code, metadata } = error as ServiceError;
  const [packed] = metadata?.get('grpc-status-details-bin') ?? [];
  if (code === undefined || !packed) throw error;
  const status = fromBinary(StatusSchema, Buffer.from(packed));
  const [info] = status.details.flatMap((any) => anyUnpack(any, ErrorInfoSchema) ?? []);
  return info?.reason ?? `status ${code}`;
}
