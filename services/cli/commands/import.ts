import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { ApiError } from '../api/api-error.ts';
import { type ImportOptions, importPath, progressPath } from '../api/import-path.ts';
import { type Cli, openApi } from '../cli.ts';
import { type FileFormat, fileFormats, formatOf } from '../input/file-format.ts';
import { openUpload } from '../input/upload.ts';
import { ImportProgress } from '../output/import-progress.ts';
import { toSummary } from '../output/result.ts';
import { show } from '../output/show.ts';

interface Options extends ImportOptions {
  readonly format?: FileFormat;
  readonly progress?: boolean;
}

/** `trellis import`: a file into one table, all rows or none. The file is sent while it is read. */
export function addImport(program: Command, cli: Cli): void {
  program
    .command('import')
    .description('load a CSV, NDJSON or Parquet file into a table, all rows or none')
    .argument('<graph>', 'the id of the graph')
    .argument('<table>', 'the node table or relationship table')
    .argument('<file>', 'the file, or - for stdin')
    .addOption(
      new Option('--format <format>', 'of the file (default: by the end of its name)').choices(
        Object.keys(fileFormats),
      ),
    )
    .option('--progress', 'tell on stderr how far it is, also where that is no terminal')
    .option('--no-progress', 'do not tell how far it is')
    .option('--header', 'CSV: the first line names the columns')
    .option('--delimiter <character>', 'CSV: between fields (default: comma)')
    .option('--quote <character>', 'CSV: around fields (default: double quote)')
    .option('--escape <character>', 'CSV: before a quote within a field (default: double quote)')
    .option('--from-label <label>', 'the source nodes, where the table connects several pairs')
    .option('--to-label <label>', 'the destination nodes, where the table connects several pairs')
    .action((graph: string, table: string, file: string, options: Options) =>
      importFile(cli, [graph, table], file, options),
    );
}

async function importFile(
  cli: Cli,
  [graph, table]: readonly [string, string],
  file: string,
  options: Options,
): Promise<void> {
  const contentType = fileFormats[formatOf(file, options.format)];
  const api = await openApi(cli);
  const upload = await openUpload(cli.terminal, file);
  const importId = randomUUID();
  const progress = new ImportProgress(upload, cli.terminal, options.progress);
  const over = new AbortController();
  const followed = progress.follow(api.follow(progressPath(graph, importId), over.signal));
  try {
    const path = importPath(graph, table, { ...options, importId });
    const answer = await api.upload<{ rowCount: number; elapsedMs: number }>(
      path,
      contentType,
      upload.content,
    );
    await progress.end();
    const { rowCount, elapsedMs } = answer;
    await show(cli, answer, () => `Loaded ${toSummary(rowCount, elapsedMs)}.\n`);
  } catch (error) {
    // The rows come with the last news, which there is where rows were refused; else there may never be any.
    if (error instanceof ApiError && error.reason === 'IMPORT_ROW_INVALID') await followed;
    await progress.report();
    throw error;
  } finally {
    over.abort();
    await followed;
  }
}
