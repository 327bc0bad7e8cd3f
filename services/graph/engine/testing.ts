import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { BadRequestSchema } from '../../../gen/google/rpc/error_details_pb.js';
import {
  ExecuteRequestSchema,
  type ExecuteResponse,
  ExecuteResponseSchema,
  GraphService,
  ImportTableRequestSchema,
  QueryRequestSchema,
  type QueryResponse,
  QueryResponseSchema,
  StreamQueryRequestSchema,
  type StreamQueryResponse,
  StreamQueryResponseSchema,
  WatchImportRequestSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { type Value, ValueSchema } from '../../../gen/trellis/graph/v1/value_pb.js';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { createLogger } from '../../mesh/log/logger.ts';
import { standardTier } from '../../mesh/plan/tier-table.testing.ts';
import type { Tier } from '../../mesh/plan/tier-table.ts';
import type { CallContext } from '../../mesh/rpc/context.ts';
import type { EncodedMessage } from '../../mesh/rpc/encoded-message.ts';
import { RpcError, reasonName } from '../../mesh/rpc/error.ts';
import { childTrace } from '../../mesh/rpc/trace.ts';
import type { ValueKind } from '../domain/values/value.ts';
import { execute } from '../rpc/execute.ts';
import { importTable } from '../rpc/import-table.ts';
import { query } from '../rpc/query.ts';
import { streamQuery } from '../rpc/stream-query.ts';
import { watchImport } from '../rpc/watch-import.ts';
import type { EngineGraph } from './engine-graph.ts';
import { ImportBoard } from './import/import-board.ts';
import { UploadSlots } from './import/upload-slots.ts';
import { KuzuEngine, type KuzuEngineOptions } from './kuzu/kuzu-engine.ts';
import { StatementPreparer } from './prepare-statement.ts';
import { SchemaCache } from './read-schema.ts';
import { StatementRunner } from './run-statement.ts';

export const testGraphId = 'kg_testtesttesttesttest';
export const testOrganizationId = 'org_test';

/** A graph in a directory of its own, with its RPCs as a caller would use them. */
export interface TestGraph {
  readonly graph: EngineGraph;
  readonly directory: string;
  /** What told that the process must be replaced. */
  readonly broken: readonly string[];
  query(statement: string, parameters?: Record<string, ValueKind>, more?: QueryMore): Promise<QueryResponse>;
  execute(
    statement: string,
    parameters?: Record<string, ValueKind>,
    more?: CallMore,
  ): Promise<ExecuteResponse>;
  stream(statement: string, more?: QueryMore): AsyncIterable<StreamQueryResponse>;
  import(
    first: MessageInitShape<typeof ImportTableRequestSchema>,
    ...chunks: (string | Uint8Array)[]
  ): ReturnType<typeof importTable>;
  watch(importId: string, context?: Partial<CallContext>): ReturnType<typeof watchImport>;
  close(): Promise<void>;
}

interface CallMore {
  readonly maxRows?: number;
  readonly timeoutMs?: number;
  readonly context?: Partial<CallContext>;
}

interface QueryMore extends CallMore {
  readonly atLeastRevision?: string;
}

/** Opens a graph for tests. Few per file: the engine does not like to be opened often in one process. */
export async function openTestGraph(
  options: Partial<KuzuEngineOptions> & {
    readonly tier?: Partial<Tier>;
    readonly repository?: string;
    readonly importBytesMax?: number;
    readonly directory?: string;
  } = {},
): Promise<TestGraph> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'trellis-engine-')));
  const broken: string[] = [];
  const engine = await KuzuEngine.open({
    databasePath: join(directory, 'graph.kuzu'),
    bufferPoolBytes: 128 * 2 ** 20,
    connectionsMax: 3,
    threadsPerStatement: 2,
    readsWaitingMax: 8,
    writesWaitingMax: 4,
    checkpointBytes: 2 ** 30,
    stuckMs: 60_000,
    abandonedMs: 60_000,
    isTight: () => false,
    isQuiet: () => false,
    storageBytesMax: 2 ** 40,
    volumeBytesFreeMin: 0,
    onBroken: (why) => broken.push(why),
    ...options,
  });
  const tier = { ...standardTier, ...options.tier };
  const schema = new SchemaCache();
  const graph: EngineGraph = {
    graphId: testGraphId,
    organizationId: testOrganizationId,
    repository: options.repository ?? '',
    epoch: 3n,
    tier,
    engine,
    schema,
    preparer: new StatementPreparer(tier.statementCharactersMax),
    runner: new StatementRunner(engine, schema),
    workDirectory: directory,
    importBytesMax: options.importBytesMax ?? 2 ** 20,
    imports: new ImportBoard(),
    uploads: new UploadSlots(),
    log: silent,
  };
  return {
    graph,
    directory,
    broken,
    query: async (statement, parameters = {}, { context, ...more } = {}) => {
      const wanted = request(QueryRequestSchema, statement, parameters, more);
      return decode(QueryResponseSchema, await query(graph, wanted, testContext(context)));
    },
    execute: async (statement, parameters = {}, { context, ...more } = {}) => {
      const wanted = request(ExecuteRequestSchema, statement, parameters, more);
      return decode(ExecuteResponseSchema, await execute(graph, wanted, testContext(context)));
    },
    stream: async function* (statement, { context, ...more } = {}) {
      const wanted = request(StreamQueryRequestSchema, statement, {}, more);
      for await (const message of streamQuery(graph, wanted, testContext(context))) {
        yield decode(StreamQueryResponseSchema, message);
      }
    },
    import: (first, ...chunks) => importTable(graph, importMessages(first, chunks), testContext()),
    watch: (importId, context) =>
      watchImport(
        graph,
        create(WatchImportRequestSchema, { graphId: testGraphId, importId }),
        testContext(context),
      ),
    close: async () => {
      // One that asked to be replaced ends with its process.
      const limits = { deadlineMs: Date.now() + 60_000, signal: new AbortController().signal };
      try {
        if (broken.length === 0) await engine.close(limits);
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

const silent = createLogger('test', 'silent');

/** The message, its bytes as arrays of their own rather than Node's buffers. */
function decode<S extends DescMessage>(schema: S, { bytes }: EncodedMessage): MessageShape<S> {
  return fromBinary(schema, new Uint8Array(bytes));
}

/** The context of a call by the graph's organization. */
export function testContext(more: Partial<CallContext> = {}): CallContext {
  const principal = create(PrincipalSchema, { organizationId: testOrganizationId });
  return {
    method: GraphService.method.query,
    requestId: 'test',
    caller: { service: 'edge', principal, assertion: '' },
    clientAddress: '',
    deadlineMs: undefined,
    signal: new AbortController().signal,
    trace: childTrace(undefined),
    log: silent,
    ...more,
  };
}

/** The reason and metadata of what a call failed with. */
export async function failureOf(call: Promise<unknown>): Promise<{ reason: string; [name: string]: string }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof RpcError) return { reason: reasonName(error.reason), ...error.metadata };
    throw error;
  }
  throw new Error('the call did not fail');
}

/** The rows or fields that the error of a call names. */
export async function violationsOf(
  call: Promise<unknown>,
): Promise<{ readonly field: string; readonly description: string }[]> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const details = error instanceof RpcError ? error.details : [];
  return details
    .flatMap((detail) => anyUnpack(detail, BadRequestSchema)?.fieldViolations ?? [])
    .map(({ field, description }) => ({ field, description }));
}

/** The first row of an answer as kinds: what a caller is told, no more and no less. */
export function kindsOf(answer: { readonly rows?: readonly object[] | undefined }): unknown[] {
  const row = answer.rows?.[0] as { readonly values: readonly Value[] } | undefined;
  return (row?.values ?? []).map((value) => value.kind);
}

function request<S extends DescMessage>(
  schema: S,
  statement: string,
  parameters: Record<string, ValueKind>,
  more: object,
): MessageShape<S> {
  const values = Object.entries(parameters).map(([name, kind]) => [name, create(ValueSchema, { kind })]);
  const init = { graphId: testGraphId, statement, parameters: Object.fromEntries(values), ...more };
  return create(schema, init as unknown as MessageInitShape<S>);
}

async function* importMessages(
  first: MessageInitShape<typeof ImportTableRequestSchema>,
  chunks: readonly (string | Uint8Array)[],
) {
  const base = { graphId: testGraphId, body: { contentType: 'text/csv' } };
  yield create(ImportTableRequestSchema, { ...base, ...first } as MessageInitShape<
    typeof ImportTableRequestSchema
  >);
  for (const chunk of chunks) {
    const data = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    yield create(ImportTableRequestSchema, { body: { data } });
  }
}
