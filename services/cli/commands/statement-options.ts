import type { Command } from 'commander';
import { parseUint32 } from '../input/integer.ts';
import { addParameter, type Parameters } from '../input/parameters.ts';

/** What query and execute have in common. */
export interface StatementOptions {
  readonly param?: Parameters;
  readonly timeoutMs?: number;
  readonly maxRows?: number;
}

/** Adds the arguments and options of a command that runs a statement. */
export function withStatement(command: Command): Command {
  return command
    .argument('<graph>', 'the id of the graph')
    .argument('<statement>', 'one Cypher statement, or - to read it from stdin')
    .option(
      '-p, --param <name=value>',
      'a value for $name, as JSON or else a string; repeatable',
      addParameter,
    )
    .option('--timeout-ms <ms>', 'how long the statement may run', parseUint32)
    .option('--max-rows <count>', 'the most rows to answer with', parseUint32);
}

/** The body of a request that runs a statement. */
export function toBody(statement: string, options: StatementOptions): Record<string, unknown> {
  const { param, timeoutMs, maxRows } = options;
  return {
    statement,
    ...(param && { parameters: param }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(maxRows !== undefined && { maxRows }),
  };
}
