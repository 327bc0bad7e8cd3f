import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { TlsFiles } from './tls-termination.ts';

/** Reads them; throws where they are broken or do not belong together. */
export async function readTlsFiles({ certFile, keyFile }: TlsFiles): Promise<SecureContextOptions> {
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  const options: SecureContextOptions = { cert, key, minVersion: 'TLSv1.2' };
  createSecureContext(options);
  return options;
}

export interface TlsFilesWatch {
  /** What was read last. */
  readonly current: SecureContextOptions;
  readonly checkMs: number;
  readonly onChange: (options: SecureContextOptions) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Reads the files every now and then, and says what changed; says once of a change that is no good. Returns what ends
 * it. The files themselves are compared, since Kubernetes swaps a symlink above them.
 */
export function watchTlsFiles(
  files: TlsFiles,
  { current, checkMs, onChange, onError }: TlsFilesWatch,
): () => void {
  let last = textOf(current);
  let lastError = '';
  const check = async () => {
    try {
      const read = await readTlsFiles(files);
      lastError = '';
      if (textOf(read) === last) return;
      last = textOf(read);
      onChange(read);
    } catch (error) {
      if (String(error) !== lastError) onError(error);
      lastError = String(error);
    }
  };
  const timer = setInterval(check, checkMs);
  timer.unref();
  return () => clearInterval(timer);
}

function textOf({ cert, key }: SecureContextOptions): string {
  return `${cert}${key}`;
}
