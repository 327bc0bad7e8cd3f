import { open } from 'node:fs/promises';
import { CliError, toReason } from '../failure.ts';
import type { Terminal } from '../terminal.ts';

/** Bytes to send, and how many there are where that is known. */
export interface Upload {
  readonly name: string;
  readonly bytes: number | undefined;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Opens the file, or stdin where that is `-`. Throws CliError. */
export async function openUpload({ stdin }: Terminal, path: string): Promise<Upload> {
  if (path === '-') return { name: 'stdin', bytes: undefined, content: stdin };
  try {
    const file = await open(path);
    const stat = await file.stat();
    if (stat.isDirectory()) {
      await file.close();
      throw Object.assign(new Error(), { code: 'EISDIR' });
    }
    return { name: path, bytes: stat.isFile() ? stat.size : undefined, content: file.createReadStream() };
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${toReason(error)}`, { cause: error });
  }
}
