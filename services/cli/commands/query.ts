import type { Command } from 'commander';
import { readResult } from '../api/result.ts';
import { type Cli, openApi } from '../cli.ts';
import { readStatement } from '../input/statement.ts';
import { noteEnd, writeDocument, writeLines, writeTable } from '../output/result.ts';
import { chosenFormat, note } from '../output/show.ts';
import { type StatementOptions, toBody, withStatement } from './statement-options.ts';

/** A table is laid out as a whole; more rows than these are for programs. */
const tableRowsMax = 1_000;

interface QueryOptions extends StatementOptions {
  readonly atLeastRevision?: string;
}

/** `trellis query`: one statement that only reads; the result is streamed, however long it is. */
export function addQuery(program: Command, cli: Cli): void {
  withStatement(program.command('query'))
    .description('run a statement that only reads')
    .option('--at-least-revision <revision>', 'refuse to read an older state')
    .action((graph: string, statement: string, options: QueryOptions) =>
      query(cli, graph, statement, options),
    );
}

async function query(cli: Cli, graph: string, argument: string, options: QueryOptions): Promise<void> {
  const format = chosenFormat(cli);
  const api = await openApi(cli);
  const { atLeastRevision } = options;
  const maxRows = options.maxRows ?? (format === 'table' ? tableRowsMax : undefined);
  const body = {
    ...toBody(await readStatement(cli.terminal, argument), options),
    ...(maxRows !== undefined && { maxRows }),
    ...(atLeastRevision !== undefined && { atLeastRevision }),
  };
  const lines = readResult(api.stream(`/v1/graphs/${encodeURIComponent(graph)}/query/stream`, body));
  if (format === 'ndjson') return await writeLines(cli, lines);
  if (format === 'json') return await writeDocument(cli, lines);
  const end = await writeTable(cli, lines);
  if (end) await noteEnd(cli, end);
  if (end?.truncated && options.maxRows === undefined) {
    await note(cli, `Only the first ${tableRowsMax} rows are shown; --output ndjson gives all.`);
  }
}
