import { open } from 'node:fs/promises';
import { ErrorReason } from '../../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../../mesh/rpc/error.ts';
import type { CsvDialect } from './csv-dialect.ts';
import { CsvNormalizer } from './csv-normalizer.ts';

/** Writes an upload to a file as the engine reads it. Answers with the number of its records. Throws CsvRowInvalid. */
export async function spoolCsv(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  dialect: CsvDialect,
  fieldsWanted: number,
  bytesMax: number,
): Promise<number> {
  const normalizer = new CsvNormalizer(dialect, fieldsWanted);
  const file = await open(path, 'wx', 0o600);
  try {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) {
        throw rpcError(ErrorReason.MESSAGE_TOO_LARGE, 'the file is larger than an import may be', {
          metadata: { limit_bytes: String(bytesMax) },
        });
      }
      await file.appendFile(normalizer.push(chunk));
    }
    await file.appendFile(normalizer.end());
    return normalizer.records;
  } finally {
    await file.close();
  }
}
