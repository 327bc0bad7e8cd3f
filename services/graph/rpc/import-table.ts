import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type {
  CsvOptions,
  ImportTableRequest,
  ImportTableResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import { type RpcError, rpcError } from '../../mesh/rpc/error.ts';
import { type CsvDialect, isDialectCharacter } from '../engine/csv/csv-dialect.ts';
import { CsvRowInvalid } from '../engine/csv/csv-normalizer.ts';
import { type ImportPlan, type ImportRefusal, planImport } from '../engine/csv/import-statements.ts';
import { spoolCsv } from '../engine/csv/spool-csv.ts';
import { EngineFailure } from '../engine/engine-failure.ts';
import type { EngineGraph } from '../engine/engine-graph.ts';
import type { CallLimits, EngineTransaction } from '../engine/graph-engine.ts';
import { requireGraph, toLimits, toRevision } from './call.ts';
import { elapsedMsSince } from './elapsed.ts';
import { withRpcErrors } from './errors.ts';

/** How much longer than a query an import may take. */
const importTimeoutFactor = 10;

/** The names of uploads in the work directory. */
export const uploadPattern = /^upload-\d+\.csv$/;

let uploads = 0;

/** Loads a CSV file into one table, all rows or none. */
export function importTable(
  graph: EngineGraph,
  requests: AsyncIterable<ImportTableRequest>,
  context: CallContext,
): Promise<MessageInitShape<typeof ImportTableResponseSchema>> {
  return withRpcErrors(async () => {
    const iterator = requests[Symbol.asyncIterator]();
    const { value: first } = await iterator.next();
    if (!first) throw invalidField('graph_id', 'is required in the first message');
    requireGraph(graph, first.graphId, context);
    const dialect = toDialect(first);
    const tier = { ...graph.tier, queryTimeoutMs: graph.tier.queryTimeoutMs * importTimeoutFactor };
    const limits = toLimits({ tier }, 0, context);
    const planFor = (transaction: EngineTransaction) => plan(graph, transaction, first);
    const { fields } = await graph.engine.read(limits, planFor);
    uploads += 1;
    const path = join(graph.workDirectory, `upload-${uploads}.csv`);
    try {
      const chunks = bodies(first, iterator);
      const records = await spoolCsv(path, chunks, dialect, fields, graph.importBytesMax);
      const startedMs = performance.now();
      const commits = await load(graph, limits, planFor, path, records);
      return {
        rowCount: records,
        elapsedMs: elapsedMsSince(startedMs),
        revision: toRevision(graph, commits),
      };
    } catch (error) {
      throw error instanceof CsvRowInvalid ? rowInvalid(error.line, error.message) : error;
    } finally {
      await rm(path, { force: true });
    }
  });
}

async function load(
  { engine }: EngineGraph,
  limits: CallLimits,
  planFor: (transaction: EngineTransaction) => Promise<ImportPlan>,
  path: string,
  records: number,
): Promise<number> {
  const { commits } = await engine.writeAlone(limits, async (transaction) => {
    const { checks, copy } = await planFor(transaction);
    for (const { statement, message } of checks(path)) {
      const line = await firstLine(transaction, statement);
      if (line !== undefined) throw rowInvalid(line, message);
    }
    const result = await transaction.run(copy(path));
    const sentence = String(Object.values(result.read(1)[0] ?? {})[0]);
    result.close();
    const copied = Number(/^(\d+) tuples/.exec(sentence)?.[1]);
    if (copied !== records) throw new EngineFailure('failed', `${copied} of ${records} rows were loaded`);
    return { commit: true, result: undefined, changesSchema: false };
  });
  return commits;
}

async function firstLine(transaction: EngineTransaction, statement: string): Promise<number | undefined> {
  try {
    const result = await transaction.run(statement);
    const [row] = result.read(1);
    result.close();
    return typeof row?.line === 'number' ? row.line : undefined;
  } catch (error) {
    const line = error instanceof EngineFailure ? lineOf(error) : undefined;
    if (line === undefined || !(error instanceof EngineFailure)) throw error;
    throw rowInvalid(line, error.message);
  }
}

/** The engine quotes the record that it could not read; the line is the first field of it. */
function lineOf({ cause }: EngineFailure): number | undefined {
  const match = /Line\/record containing the error: '(\d+)/.exec(cause instanceof Error ? cause.message : '');
  return match ? Number(match[1]) : undefined;
}

async function plan(
  { schema }: EngineGraph,
  transaction: EngineTransaction,
  { table, fromLabel, toLabel }: ImportTableRequest,
): Promise<ImportPlan> {
  const planned = planImport(await schema.schema(transaction), table, fromLabel, toLabel);
  if (typeof planned === 'string') throw refusal(planned, table);
  return planned;
}

async function* bodies(
  first: ImportTableRequest,
  rest: AsyncIterator<ImportTableRequest>,
): AsyncIterable<Uint8Array> {
  if (first.body) yield first.body.data;
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    if (next.value.body) yield next.value.body.data;
  }
}

function toDialect({ body, csv }: ImportTableRequest): CsvDialect {
  const contentType = body?.contentType ?? '';
  if (contentType.split(';')[0]?.trim().toLowerCase() !== 'text/csv') {
    throw rpcError(ErrorReason.IMPORT_FORMAT_UNSUPPORTED, 'only text/csv can be imported', {
      metadata: { content_type: contentType },
    });
  }
  const quote = option(csv, 'quote', '"');
  const delimiter = option(csv, 'delimiter', ',');
  const escapeWith = option(csv, 'escape', quote);
  if (delimiter === quote || delimiter === escapeWith)
    throw invalidField('csv.delimiter', 'must differ from the quote');
  return { delimiter, quote, escape: escapeWith, header: csv?.header ?? false };
}

function option(
  csv: CsvOptions | undefined,
  name: 'delimiter' | 'quote' | 'escape',
  fallback: string,
): string {
  const character = csv?.[name] || fallback;
  if (isDialectCharacter(character)) return character;
  throw invalidField(`csv.${name}`, 'must be an ASCII character that is no letter or digit');
}

function refusal(reason: ImportRefusal, table: string): RpcError {
  if (reason === 'no-table') {
    return rpcError(ErrorReason.TABLE_NOT_FOUND, 'no table with this name', { metadata: { table } });
  }
  if (reason === 'unsupported-type') {
    return rpcError(ErrorReason.STATEMENT_FAILED, 'a column of the table has a type that cannot be imported');
  }
  const description =
    reason === 'no-pair'
      ? 'the table does not connect these labels'
      : 'the table connects several pairs of labels; name one with from_label and to_label';
  return invalidField('from_label', description);
}

function rowInvalid(line: number, message: string): RpcError {
  return rpcError(ErrorReason.IMPORT_ROW_INVALID, `line ${line}: ${message}`, {
    metadata: { line: String(line) },
  });
}

function invalidField(field: string, description: string): RpcError {
  return rpcError(ErrorReason.INVALID_REQUEST, `${field} ${description}`, {
    violations: [{ field, description }],
  });
}
