import type { Upload } from '../input/upload.ts';
import { type Sink, write } from '../terminal.ts';
import { escapeControls } from './escape.ts';

/** Clears the line and goes to its begin. */
const erase = '\r\u001b[K';

/** The content of the upload, with its progress on one line of a terminal. Elsewhere nothing is written. */
export async function* withProgress(upload: Upload, sink: Sink): AsyncGenerator<Uint8Array> {
  if (!sink.isTTY) {
    yield* upload.content;
    return;
  }
  let sent = 0;
  let shown = '';
  try {
    for await (const chunk of upload.content) {
      yield chunk;
      sent += chunk.byteLength;
      const line = toLine(upload, sent);
      if (line !== shown) await write(sink, erase + line);
      shown = line;
    }
  } finally {
    await write(sink, erase);
  }
}

function toLine({ name, bytes }: Upload, sent: number): string {
  const whole = bytes
    ? ` of ${toMebibytes(bytes)}, ${Math.min(100, Math.floor((100 * sent) / bytes))} %`
    : '';
  return `${escapeControls(name)}: ${toMebibytes(sent)}${whole}`;
}

function toMebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
