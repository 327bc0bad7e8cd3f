/** Bytes that one row of an upload may have. */
export const rowBytesMax = 16 * 2 ** 20;

/** Reads the rows of an upload into the columns of the spool. */
export interface RowReader {
  /** Rows read so far, the refused ones too. */
  readonly rows: number;
  /** The line on which the first unread row begins. */
  readonly line: number;
  /** Reads the rows that are complete and answers how many bytes they had; at the end all of them. */
  read(bytes: Buffer, isEnd: boolean): number;
}

/** Where rows go. */
export interface RowSink {
  /** Tells that every column has the values of the row that began on this line. */
  endRow(line: number): void;
  /** Tells what is wrong with a row. Throws RowsRefused after enough of them. */
  refuse(line: number, column: number | undefined, reason: string): void;
}
