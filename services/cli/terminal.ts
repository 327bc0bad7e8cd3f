import type { Readable, Writable } from 'node:stream';
import type { Environment } from '../mesh/config/config.ts';

/** A stream that may be a terminal. */
export type Input = Readable & { readonly isTTY?: boolean };
export type Sink = Writable & { readonly isTTY?: boolean };

/** What a command reads from and writes to. */
export interface Terminal {
  readonly stdin: Input;
  /** For results only, so that they can be piped. */
  readonly stdout: Sink;
  /** For questions, progress, notes and errors. */
  readonly stderr: Sink;
  readonly env: Environment;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Writes and waits until there is room for more. */
export function write(sink: Sink, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
