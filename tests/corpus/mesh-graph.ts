import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import type { ServiceError } from '@grpc/grpc-js';
import { ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../gen/google/rpc/status_pb.js';
import type { ForeignGrpcClient, ForeignMessage } from '../support/foreign-grpc.ts';
import type { Outcome } from './compare.ts';
import { type PropertyTypes, type TextContext, toTupleText } from './engine-text.ts';

const service = 'graph.v1.GraphService';
/** Reasons that leave a graph as it was. */
const rolledBack: ReadonlySet<string> = new Set([
  'STATEMENT_INVALID',
  'STATEMENT_NOT_ALLOWED',
  'STATEMENT_FAILED',
  'STATEMENT_TOO_LONG',
  'INVALID_REQUEST',
]);
const uploadChunkBytes = 512 * 1024;

/** How a CSV file is written, and which pair of tables it connects. */
export interface CsvImport {
  readonly table: string;
  readonly fromLabel?: string;
  readonly toLabel?: string;
  readonly csv: {
    readonly delimiter: string;
    readonly quote: string;
    readonly escape: string;
    readonly header: boolean;
  };
}

/** A graph of the mesh, reached as any client reaches it: gRPC through the edge. */
export class MeshGraph {
  readonly graphId: string;
  /** What the graph's first table would be in a new database. */
  firstTable = 0n;
  /** True after a write that was not refused and did not fail. */
  hasChanged = false;
  readonly #grpc: ForeignGrpcClient;
  #properties: PropertyTypes | undefined;

  constructor(grpc: ForeignGrpcClient, graphId: string) {
    this.#grpc = grpc;
    this.graphId = graphId;
  }

  /** Runs a statement; one that only reads by Query, or StreamQuery where its result is too large for one answer. */
  async run(statement: string, kind: 'read' | 'write' | 'ddl'): Promise<Outcome> {
    const request = { graphId: this.graphId, statement };
    if (kind === 'ddl') this.#properties = undefined;
    try {
      const answer = await this.#grpc.unary(service, kind === 'read' ? 'query' : 'execute', request);
      if (kind !== 'read') this.hasChanged = true;
      return await this.#toRows(answer.columns ?? [], answer.rows ?? []);
    } catch (error) {
      const outcome = toErrorOutcome(error);
      if (!rolledBack.has(outcome.reason)) this.hasChanged ||= kind !== 'read';
      if (kind !== 'read' || outcome.reason !== 'RESULT_TOO_LARGE') return outcome;
    }
    try {
      return await this.#stream(request);
    } catch (error) {
      return toErrorOutcome(error);
    }
  }

  /** Loads a file; gives the number of rows, or the error. */
  async import(bytes: Uint8Array, options: CsvImport): Promise<number | Extract<Outcome, { kind: 'error' }>> {
    const { csv, ...target } = options;
    const chunks = Array.from(
      { length: Math.max(1, Math.ceil(bytes.length / uploadChunkBytes)) },
      (_, index) => bytes.subarray(index * uploadChunkBytes, (index + 1) * uploadChunkBytes),
    );
    const messages = chunks.map((data, index) =>
      index > 0
        ? { body: { data } }
        : { graphId: this.graphId, ...target, csv, body: { contentType: 'text/csv', data } },
    );
    this.hasChanged = true;
    try {
      const { rowCount = 0 } = await this.#grpc.upload(service, 'importTable', messages);
      return rowCount;
    } catch (error) {
      return toErrorOutcome(error);
    }
  }

  /** The graph's tables. */
  schema(): Promise<ForeignMessage> {
    return this.#grpc.unary(service, 'getSchema', { graphId: this.graphId });
  }

  async #stream(request: object): Promise<Outcome> {
    const columns: ForeignMessage[] = [];
    const rows: ForeignMessage[] = [];
    for await (const part of this.#grpc.stream(service, 'streamQuery', request)) {
      columns.push(...(part.columns ?? []));
      rows.push(...(part.rows ?? []));
    }
    return this.#toRows(columns, rows);
  }

  async #toRows(columns: readonly ForeignMessage[], rows: readonly ForeignMessage[]): Promise<Outcome> {
    const types = columns.map(({ type }) => type);
    const needsSchema = types.some((type) => /NODE|REL/.test(type));
    if (needsSchema) this.#properties ??= toPropertyTypes(await this.schema());
    const context: TextContext = { properties: this.#properties ?? new Map(), firstTable: this.firstTable };
    return {
      kind: 'rows',
      columns: columns.map(({ name = '' }) => name),
      types,
      tuples: rows.map(({ values = [] }) => toTupleText(values, types, context)),
    };
  }
}

function toPropertyTypes({ nodeTables = [], relationshipTables = [] }: ForeignMessage): PropertyTypes {
  return new Map(
    [...nodeTables, ...relationshipTables].map(({ name, properties = [] }) => [
      name,
      new Map(properties.map((property: ForeignMessage) => [property.name, property.type])),
    ]),
  );
}

function toErrorOutcome(error: unknown): Extract<Outcome, { kind: 'error' }> {
  const { code, details, metadata } = error as ServiceError;
  if (code === undefined) throw error;
  const [packed] = metadata.get('grpc-status-details-bin');
  const status = packed ? fromBinary(StatusSchema, Buffer.from(packed)) : undefined;
  const info = status?.details
    .map((any) => anyUnpack(any, ErrorInfoSchema))
    .find((each) => each !== undefined);
  return {
    kind: 'error',
    reason: info?.reason ?? `status ${code}`,
    construct: info?.metadata.construct ?? '',
    message: details,
  };
}
