import { CliError } from '../failure.ts';
import { findError } from './api-error.ts';
import { parseExactJson } from './exact-json.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
}
export type Row = readonly unknown[];

/** How a result ended. */
export interface ResultEnd {
  readonly rowCount: number;
  readonly elapsedMs: number;
  readonly revision: string;
  readonly truncated: boolean;
}

/** One line of a streamed result: the columns, then rows, then done. */
export interface ResultLine {
  readonly columns?: readonly Column[];
  readonly rows?: readonly Row[];
  readonly done?: ResultEnd;
  /** The line as it came. */
  readonly text: string;
}

/**
 * The lines of a streamed result. Throws the error that a line carries, after giving that line; and where the
 * stream ends without being done, because then it is not complete.
 */
export async function* readResult(lines: AsyncIterable<string>): AsyncGenerator<ResultLine> {
  let isDone = false;
  for await (const text of lines) {
    const line = parseLine(text);
    yield { ...line, text };
    const error = findError(line);
    if (error) throw error;
    isDone = line.done !== undefined;
  }
  if (!isDone) throw new CliError('the result is not complete: the mesh ended it before its end');
}

function parseLine(text: string): Omit<ResultLine, 'text'> {
  try {
    return parseExactJson(text) as Omit<ResultLine, 'text'>;
  } catch (cause) {
    throw new CliError('the result is not complete: its last line is cut off', { cause });
  }
}
