/** A place in the statement as the caller sent it. Line and column count from 1, in UTF-16 code units. */
export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** Finds the line and column of an offset; lines end with LF, as in the engine. */
export function positionAt(statement: string, offset: number): Position {
  let line = 1;
  let lineStart = 0;
  for (
    let newline = statement.indexOf('\n');
    newline !== -1 && newline < offset;
    newline = statement.indexOf('\n', lineStart)
  ) {
    line += 1;
    lineStart = newline + 1;
  }
  return { offset, line, column: offset - lineStart + 1 };
}
