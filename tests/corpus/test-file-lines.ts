/** The directives of the format; a line that begins otherwise goes on with what is before it. */
const directives: ReadonlySet<string> = new Set([
  ...['DATASET', 'BUFFER_POOL_SIZE', 'CASE', 'LOG', 'STATEMENT', 'CHECK_ORDER', 'CHECK_PRECISION'],
  ...['CHECK_COLUMN_NAMES', 'PARALLELISM', 'COMMIT', 'ROLLBACK', 'DEFINE', 'DEFINE_STATEMENT_BLOCK'],
  ...['INSERT_STATEMENT_BLOCK', 'SKIP', 'SKIP_MUSL', 'SKIP_32BIT', 'SKIP_WASM', 'SKIP_STATIC_LINK'],
  ...['SKIP_DYNAMIC_LINK', 'SKIP_IN_MEM', 'SKIP_VECTOR_CAPACITY_TESTS', 'SKIP_NODE_GROUP_SIZE_TESTS'],
  ...['SKIP_PAGE_SIZE_TESTS', 'SKIP_LINE', 'WASM_ONLY', 'TEST_FWD_ONLY_REL', 'LOAD_DYNAMIC_EXTENSION'],
  ...['CHECKPOINT_WAIT_TIMEOUT', 'CREATE_CONNECTION', 'BATCH_STATEMENTS', 'RELOADDB', 'SET'],
  ...['IMPORT_DATABASE', 'REMOVE_FILE', 'BEGIN_CONCURRENT_EXECUTION', 'END_CONCURRENT_EXECUTION'],
  ...['CREATE_DATASET_SCHEMA', 'INSERT_DATASET_BY_ROW', 'MULTI_COPY_RANDOM'],
]);

/** One line, split as the engine's runner splits it. */
export interface TestLine {
  readonly text: string;
  /** Words; quoted text is one. */
  readonly words: readonly string[];
  /** A directive's name, `result` (----), `separator` (--), `block-end` (]), `empty`, or undefined for any other text. */
  readonly token: string | undefined;
}

const wordPattern = /(?:[^'"\s\\]+|'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"|\S+)+/g;

/** Splits a line. */
export function toTestLine(text: string): TestLine {
  const words = text.match(wordPattern) ?? [];
  return { text, words, token: toToken(words[0]) };
}

function toToken(word: string | undefined): string | undefined {
  if (word === undefined || word.startsWith('#')) return 'empty';
  if (word === '----') return 'result';
  if (word === '--') return 'separator';
  if (word === ']') return 'block-end';
  return word.startsWith('-') && directives.has(word.slice(1)) ? word.slice(1) : undefined;
}

/** A place in the lines of a file. */
export class LineCursor {
  readonly #lines: readonly string[];
  #next = 0;
  #current = toTestLine('');

  constructor(text: string) {
    this.#lines = text.replace(/\n$/, '').split('\n');
  }

  get current(): TestLine {
    return this.#current;
  }

  /** The number of the current line, from 1. */
  get line(): number {
    return this.#next;
  }

  /** Goes to the next line; false at the end. */
  advance(): boolean {
    const text = this.#lines[this.#next];
    if (text === undefined) return false;
    this.#next += 1;
    this.#current = toTestLine(text);
    return true;
  }

  /** The next line as it is, whatever it means. */
  takeText(): string | undefined {
    const text = this.#lines[this.#next];
    if (text !== undefined) this.#next += 1;
    return text;
  }

  /** Takes lines up to the next token. */
  takeTextLines(): string[] {
    const taken: string[] = [];
    for (;;) {
      const text = this.#lines[this.#next];
      if (text === undefined || toTestLine(text).token !== undefined) return taken;
      taken.push(text);
      this.#next += 1;
    }
  }

  /** Makes the current line the next one again. */
  retreat(): void {
    this.#next -= 1;
  }
}
