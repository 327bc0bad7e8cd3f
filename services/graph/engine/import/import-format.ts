import { ErrorReason } from '../../../../gen/trellis/common/v1/error_reason_pb.js';
import type { CsvOptions, ImportTableRequest } from '../../../../gen/trellis/graph/v1/graph_pb.js';
import { type RpcError, rpcError } from '../../../mesh/rpc/error.ts';
import { type CsvDialect, isDialectCharacter } from './csv/csv-dialect.ts';
import type { ImportFormat } from './spool.ts';

const kinds: ReadonlyMap<string, ImportFormat['kind']> = new Map([
  ['text/csv', 'csv'],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson'],
  ['application/jsonl', 'ndjson'],
  ['application/vnd.apache.parquet', 'parquet'],
  ['application/x-parquet', 'parquet'],
]);

/** What is UTF-8 too. */
const charsets: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii']);

/** The format that the first message of an upload names. Throws RpcError. */
export function toFormat({ body, csv }: ImportTableRequest): ImportFormat {
  const contentType = body?.contentType ?? '';
  const [mediaType = '', ...parameters] = contentType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  const kind = kinds.get(mediaType);
  if (kind === undefined || !charsets.has(charset?.replaceAll('"', '') ?? 'utf-8')) {
    const message = 'only CSV and NDJSON in UTF-8, and Parquet, can be imported';
    throw rpcError(ErrorReason.IMPORT_FORMAT_UNSUPPORTED, message, {
      metadata: { content_type: contentType },
    });
  }
  if (kind === 'csv') return { kind, dialect: toDialect(csv) };
  if (csv) throw invalidField('csv', 'is for CSV files only');
  return { kind };
}

function toDialect(csv: CsvOptions | undefined): CsvDialect {
  const quote = option(csv, 'quote', '"');
  const delimiter = option(csv, 'delimiter', ',');
  const escapeWith = option(csv, 'escape', quote);
  if (delimiter === quote || delimiter === escapeWith) {
    throw invalidField('csv.delimiter', 'must differ from the quote');
  }
  return { delimiter, quote, escape: escapeWith, header: csv?.header ?? false };
}

function option(
  csv: CsvOptions | undefined,
  name: 'delimiter' | 'quote' | 'escape',
  fallback: string,
): string {
  const character = csv?.[name] || fallback;
  if (isDialectCharacter(character)) return character;
  throw invalidField(`csv.${name}`, 'must be an ASCII character that is no letter or digit');
}

/** The error of a field of the request that breaks a rule. */
export function invalidField(field: string, description: string): RpcError {
  return rpcError(ErrorReason.INVALID_REQUEST, `${field} ${description}`, {
    violations: [{ field, description }],
  });
}
