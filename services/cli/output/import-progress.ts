import { parseExactJson } from '../api/exact-json.ts';
import type { Upload } from '../input/upload.ts';
import { type Terminal, write } from '../terminal.ts';
import { escapeControls } from './escape.ts';

/** Clears the line and goes to its begin. */
const erase = '\r\u001b[K';
const mebibyte = 2 ** 20;
/** Refused rows that are shown; the mesh tells of at most 100. */
const rowsShownMax = 20;
/** Milliseconds between two lines where each stays. */
const lineMs = 1_000;

/** What the mesh tells of an import, as far as it is shown. */
interface News {
  readonly stage?: string;
  readonly bytesReceived?: unknown;
  readonly rowsRead?: unknown;
  readonly refusedRows?: readonly {
    readonly line?: unknown;
    readonly column?: string;
    readonly reason?: string;
  }[];
}

/** Shows how far an import is: on one line of a terminal, or as lines where that is asked for. */
export class ImportProgress {
  readonly #upload: Upload;
  readonly #terminal: Terminal;
  readonly #isShown: boolean;
  readonly #startMs: number;
  #lineMs = Number.NEGATIVE_INFINITY;
  #shown = '';
  #last: News = {};

  /** `isWanted`: undefined means where stderr is a terminal. */
  constructor(upload: Upload, terminal: Terminal, isWanted: boolean | undefined) {
    this.#upload = upload;
    this.#terminal = terminal;
    this.#isShown = isWanted ?? terminal.stderr.isTTY === true;
    this.#startMs = terminal.clock();
  }

  /**
   * Shows the news of an import until they end, however they do: what becomes of the import itself is told by the
   * answer to its upload. Resolves with why they broke off, if they did.
   */
  async follow(lines: AsyncIterable<string>): Promise<unknown> {
    try {
      for await (const line of lines) {
        const news = parseExactJson(line) as News;
        this.#last = news;
        if (this.#isShown) await this.#show(news);
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Leaves the terminal as it was. */
  async end(): Promise<void> {
    if (this.#shown === '' || !this.#terminal.stderr.isTTY) return;
    this.#shown = '';
    await write(this.#terminal.stderr, erase);
  }

  /** Shows which rows were refused, by the last news. */
  async report(): Promise<void> {
    await this.end();
    const rows = this.#last.refusedRows ?? [];
    const lines = rows.slice(0, rowsShownMax).map(({ line, column, reason }) => {
      return `line ${line ?? 0}${column ? `, ${column}` : ''}: ${reason ?? ''}`;
    });
    if (rows.length > rowsShownMax)
      lines.push(`and ${rows.length - rowsShownMax} more that the mesh tells of`);
    for (const line of lines) await write(this.#terminal.stderr, `${escapeControls(line)}\n`);
  }

  async #show(news: News): Promise<void> {
    const { stderr, clock } = this.#terminal;
    const nowMs = clock();
    const line = this.#toLine(news, nowMs);
    if (line === this.#shown) return;
    if (stderr.isTTY) {
      await write(stderr, erase + line);
    } else {
      const isNew = line.split(':')[0] !== this.#shown.split(':')[0];
      if (!isNew && nowMs - this.#lineMs < lineMs) return;
      this.#lineMs = nowMs;
      await write(stderr, `${line}\n`);
    }
    this.#shown = line;
  }

  /** Such as `receiving people.csv: 12.0 MiB of 48.0 MiB, 25 %, 1000000 rows, 8.1 MiB/s`. */
  #toLine({ stage = '', bytesReceived = 0, rowsRead = 0 }: News, nowMs: number): string {
    const { name, bytes } = this.#upload;
    const received = Number(bytesReceived);
    const whole = bytes
      ? ` of ${toMebibytes(bytes)}, ${Math.min(100, Math.floor((100 * received) / bytes))} %`
      : '';
    const seconds = (nowMs - this.#startMs) / 1_000;
    const rate = seconds > 0 ? `, ${toMebibytes(received / seconds)}/s` : '';
    const step = stage.replace('IMPORT_STAGE_', '').toLowerCase();
    return `${step} ${escapeControls(name)}: ${toMebibytes(received)}${whole}, ${rowsRead} rows${rate}`;
  }
}

function toMebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`;
}
