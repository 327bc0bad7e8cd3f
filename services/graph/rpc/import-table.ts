import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  ImportStage,
  type ImportTableRequest,
  type ImportTableResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import { reasonName, toRpcError } from '../../mesh/rpc/error.ts';
import { EngineFailure } from '../engine/engine-failure.ts';
import type { EngineGraph } from '../engine/engine-graph.ts';
import type { CallLimits, EngineTransaction } from '../engine/graph-engine.ts';
import type { ImportEntry } from '../engine/import/import-board.ts';
import { mismatchError, targetError, toImportError } from '../engine/import/import-errors.ts';
import { invalidField, toFormat } from '../engine/import/import-format.ts';
import type { LoadableFile } from '../engine/import/import-statements.ts';
import { findTarget, type ImportTarget } from '../engine/import/import-target.ts';
import type { NdjsonProperty } from '../engine/import/json/ndjson-reader.ts';
import type { KeyFile } from '../engine/import/keys/distinct-keys.ts';
import { checkKeys, checkValues, copyRows } from '../engine/import/load-file.ts';
import { matchColumns } from '../engine/import/parquet/match-columns.ts';
import { readFooter } from '../engine/import/parquet/read-footer.ts';
import { readRows } from '../engine/import/parquet/read-rows.ts';
import { receiveUpload } from '../engine/import/receive-upload.ts';
import { RowsRefused } from '../engine/import/refusals.ts';
import {
  createSpool,
  type ImportFormat,
  type ReadRows,
  readText,
  type Spool,
  type Spooled,
  toLoadable,
  writeSpool,
} from '../engine/import/spool.ts';
import { requireGraph, toLimits, toRevision } from './call.ts';
import { elapsedMsSince } from './elapsed.ts';
import { toCallError } from './errors.ts';
import { importTimeoutFactor } from './import-timeout.ts';

/** How much larger than an upload the file may be that the engine loads, or the upload when it is inflated. */
const spoolFactor = 2;
const inflatedFactor = 8;

let uploads = 0;

/** A file that is checked but for the keys. */
interface Upload extends Spooled {
  readonly file: LoadableFile;
}

/** Loads a file into one table, all rows or none. */
export async function importTable(
  graph: EngineGraph,
  requests: AsyncIterable<ImportTableRequest>,
  context: CallContext,
): Promise<MessageInitShape<typeof ImportTableResponseSchema>> {
  let entry: ImportEntry | undefined;
  try {
    const iterator = requests[Symbol.asyncIterator]();
    const { value: first } = await iterator.next();
    if (!first) throw invalidField('graph_id', 'is required in the first message');
    requireGraph(graph, first.graphId, context);
    entry = graph.imports.begin(first.importId);
    return await run(graph, first, iterator, context, entry);
  } catch (thrown) {
    const error = toCallError(toImportError(thrown));
    const refusals = thrown instanceof RowsRefused ? thrown.refusals : [];
    const { reason, message } = toRpcError(error);
    entry?.tell({ stage: ImportStage.FAILED, reason: reasonName(reason), message, refusals });
    throw error;
  }
}

async function run(
  graph: EngineGraph,
  first: ImportTableRequest,
  rest: AsyncIterator<ImportTableRequest>,
  context: CallContext,
  entry: ImportEntry,
): Promise<MessageInitShape<typeof ImportTableResponseSchema>> {
  const format = toFormat(first);
  const tier = { ...graph.tier, queryTimeoutMs: graph.tier.queryTimeoutMs * importTimeoutFactor };
  const limits = toLimits({ tier }, 0, context);
  // A size beyond what an import may have is refused for that.
  await graph.engine.requireRoom(Math.min(Number(first.sizeBytes ?? 0), graph.importBytesMax));
  const target = await graph.engine.read(limits, (transaction) => targetOf(graph, transaction, first));
  return graph.uploads.hold(async () => {
    uploads += 1;
    const path = join(graph.workDirectory, `upload-${uploads}.parquet`);
    const paths = [path];
    try {
      const rules = {
        bytesMax: graph.importBytesMax,
        limits,
        onBytes: (bytesReceived: number) => entry.tell({ bytesReceived }),
      };
      const chunks = receiveUpload(first, rest, rules);
      const upload = await receive(graph, path, chunks, { target, format, entry });
      const startedMs = performance.now();
      entry.tell({ stage: ImportStage.CHECKING, rowsRead: upload.rows });
      await graph.engine.read(limits, (transaction) => checkValues(transaction, target, upload.file));
      await graph.engine.requireRoom((await stat(path)).size);
      const keyFiles = await upload.keys.write(upload.rows, (index) => {
        const keysPath = path.replace(/\.parquet$/, `-keys-${index}.parquet`);
        paths.push(keysPath);
        return keysPath;
      });
      const commits = await load(graph, first, limits, { target, upload, keyFiles, entry });
      const [rowCount, revision] = [upload.rows, toRevision(graph, commits)];
      entry.tell({ stage: ImportStage.DONE, rowCount, revision });
      return { rowCount, elapsedMs: elapsedMsSince(startedMs), revision };
    } finally {
      for (const each of paths) await rm(each, { force: true });
    }
  });
}

/** Writes what the engine is to load, every value of it checked. Parquet is kept first: its end describes it. */
async function receive(
  graph: EngineGraph,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  { target, format, entry }: { target: ImportTarget; format: ImportFormat; entry: ImportEntry },
): Promise<Upload> {
  const spool = createSpool(target, format);
  if (!spool) throw targetError('unsupported-type', target.table);
  const watch = {
    spoolBytesMax: graph.importBytesMax * spoolFactor,
    onRows: (rowsRead: number) => entry.tell({ rowsRead }),
  };
  const file = toLoadable(path, spool);
  if (format.kind !== 'parquet') {
    return { file, ...(await writeSpool(path, spool, target, readText(spool, format, chunks), watch)) };
  }
  const raw = path.replace(/parquet$/, 'raw');
  try {
    await writeChunks(raw, chunks);
    const read = { inflatedBytesMax: graph.importBytesMax * inflatedFactor };
    return {
      file,
      ...(await withParquet(raw, spool, target, read, (rows) =>
        writeSpool(path, spool, target, rows, watch),
      )),
    };
  } finally {
    await rm(raw, { force: true });
  }
}

/** Reads a Parquet file whose columns are those of the table. */
async function withParquet<T>(
  path: string,
  { properties }: Spool,
  target: ImportTarget,
  { inflatedBytesMax }: { inflatedBytesMax: number },
  work: (rows: ReadRows) => Promise<T>,
): Promise<T> {
  const file = await open(path, 'r');
  try {
    const footer = await readFooter(file);
    const match = matchColumns(target, footer.columns);
    if ('mismatches' in match) throw mismatchError(match.mismatches);
    const columns = match.nodes.map((node, index) => ({ ...(properties[index] as NdjsonProperty), node }));
    return await work((sink) => readRows(file, footer, columns, sink, inflatedBytesMax));
  } finally {
    await file.close();
  }
}

async function writeChunks(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of chunks) await file.appendFile(chunk);
  } finally {
    await file.close();
  }
}

async function load(
  graph: EngineGraph,
  first: ImportTableRequest,
  limits: CallLimits,
  {
    target,
    upload,
    keyFiles,
    entry,
  }: { target: ImportTarget; upload: Upload; keyFiles: readonly KeyFile[]; entry: ImportEntry },
): Promise<number> {
  const { commits } = await graph.engine.copy(limits, async (transaction) => {
    const now = await targetOf(graph, transaction, first);
    if (JSON.stringify(now) !== JSON.stringify(target)) {
      throw new EngineFailure('failed', 'the table changed while the file came in');
    }
    await checkKeys(transaction, target, upload.file, keyFiles);
    entry.tell({ stage: ImportStage.LOADING });
    await copyRows(transaction, target, upload.file, upload.rows);
    return { commit: true, result: undefined, changesSchema: false };
  });
  return commits;
}

async function targetOf(
  { schema }: EngineGraph,
  transaction: EngineTransaction,
  { table, fromLabel, toLabel }: ImportTableRequest,
): Promise<ImportTarget> {
  const target = findTarget(await schema.schema(transaction), table, fromLabel, toLabel);
  if (typeof target === 'string') throw targetError(target, table);
  return target;
}
