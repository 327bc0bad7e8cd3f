import { text } from 'node:stream/consumers';
import { UsageError } from '../failure.ts';
import type { Terminal } from '../terminal.ts';

/** The statement: the argument, or all of stdin where that is `-`. */
export async function readStatement(terminal: Terminal, argument: string): Promise<string> {
  const statement = argument === '-' ? await text(terminal.stdin) : argument;
  if (statement.trim() === '') throw new UsageError('the statement is empty');
  return statement;
}
