/** How a CSV file is written. All are single ASCII characters. */
export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string;
  /** Stands before a quote within a quoted field; the quote itself by default. */
  readonly escape: string;
  /** Whether the first line names the columns. */
  readonly header: boolean;
}

/** True for characters that can be part of a dialect. */
export function isDialectCharacter(character: string): boolean {
  return /^[\x20-\x7e\t]$/.test(character) && !/[\w\r\n]/.test(character);
}
