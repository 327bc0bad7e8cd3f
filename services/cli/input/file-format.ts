import { UsageError } from '../failure.ts';

/** The formats of files that can be imported, by the names for --format. */
export const fileFormats = {
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
} as const;

export type FileFormat = keyof typeof fileFormats;

const byExtension: ReadonlyMap<string, FileFormat> = new Map([
  ['csv', 'csv'],
  ['tsv', 'csv'],
  ['txt', 'csv'],
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
  ['json', 'ndjson'],
  ['parquet', 'parquet'],
  ['pq', 'parquet'],
]);

/** The format of a file by the end of its name; CSV for stdin. Throws UsageError where the name does not tell. */
export function formatOf(path: string, given: FileFormat | undefined): FileFormat {
  if (given) return given;
  if (path === '-') return 'csv';
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const format = byExtension.get(extension);
  if (format) return format;
  throw new UsageError(
    `the name of ${path} does not tell its format; say it with --format csv, ndjson or parquet`,
  );
}
