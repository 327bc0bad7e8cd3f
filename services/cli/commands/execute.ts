import type { Command } from 'commander';
import type { Column, ResultEnd, Row } from '../api/result.ts';
import { type Cli, openApi } from '../cli.ts';
import { readStatement } from '../input/statement.ts';
import { noteEnd, toResultTable } from '../output/result.ts';
import { chosenFormat, show } from '../output/show.ts';
import { type StatementOptions, toBody, withStatement } from './statement-options.ts';

interface Answer extends ResultEnd {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** `trellis execute`: one statement that may change data or schema. */
export function addExecute(program: Command, cli: Cli): void {
  withStatement(program.command('execute'))
    .description('run a statement that may change data or schema')
    .action((graph: string, statement: string, options: StatementOptions) =>
      execute(cli, graph, statement, options),
    );
}

async function execute(cli: Cli, graph: string, argument: string, options: StatementOptions): Promise<void> {
  const api = await openApi(cli);
  const body = toBody(await readStatement(cli.terminal, argument), options);
  const answer = await api.call<Answer>('POST', `/v1/graphs/${encodeURIComponent(graph)}/execute`, body);
  const { columns, rows } = answer;
  await show(cli, answer, () => (columns.length > 0 ? toResultTable(columns, rows) : ''));
  if (chosenFormat(cli) === 'table') await noteEnd(cli, answer);
}
