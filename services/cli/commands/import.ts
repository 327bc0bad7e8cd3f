import type { Command } from 'commander';
import { type ImportOptions, importPath } from '../api/import-path.ts';
import { type Cli, openApi } from '../cli.ts';
import { openUpload } from '../input/upload.ts';
import { withProgress } from '../output/progress.ts';
import { toSummary } from '../output/result.ts';
import { show } from '../output/show.ts';

/** `trellis import`: a CSV file into one table, all rows or none. The file is sent while it is read. */
export function addImport(program: Command, cli: Cli): void {
  program
    .command('import')
    .description('load a CSV file into a table, all rows or none')
    .argument('<graph>', 'the id of the graph')
    .argument('<table>', 'the node table or relationship table')
    .argument('<file>', 'the file, or - for stdin')
    .option('--header', 'the first line names the columns')
    .option('--delimiter <character>', 'between fields (default: comma)')
    .option('--quote <character>', 'around fields (default: double quote)')
    .option('--escape <character>', 'before a quote within a field (default: double quote)')
    .option('--from-label <label>', 'the source nodes, where the table connects several pairs')
    .option('--to-label <label>', 'the destination nodes, where the table connects several pairs')
    .action((graph: string, table: string, file: string, options: ImportOptions) =>
      importFile(cli, [graph, table], file, options),
    );
}

async function importFile(
  cli: Cli,
  [graph, table]: readonly [string, string],
  file: string,
  options: ImportOptions,
): Promise<void> {
  const api = await openApi(cli);
  const upload = await openUpload(cli.terminal, file);
  const path = importPath(graph, table, options);
  const content = withProgress(upload, cli.terminal.stderr);
  const answer = await api.upload<{ rowCount: number; elapsedMs: number }>(path, 'text/csv', content);
  const { rowCount, elapsedMs } = answer;
  await show(cli, answer, () => `Loaded ${toSummary(rowCount, elapsedMs)}.\n`);
}
