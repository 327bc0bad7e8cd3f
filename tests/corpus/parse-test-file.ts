import { sourceRoot } from './corpus-files.ts';
import type { Expectation, Step, TestCase, TestFile } from './test-file.ts';
import { LineCursor } from './test-file-lines.ts';

const disabling: ReadonlySet<string> = new Set(['SKIP', 'WASM_ONLY']);
/** About builds of the engine that are not the one in the package. */
const ignored: ReadonlySet<string> = new Set([
  ...['SKIP_MUSL', 'SKIP_32BIT', 'SKIP_WASM', 'SKIP_STATIC_LINK', 'SKIP_DYNAMIC_LINK', 'SKIP_IN_MEM'],
  ...['SKIP_VECTOR_CAPACITY_TESTS', 'SKIP_NODE_GROUP_SIZE_TESTS', 'SKIP_PAGE_SIZE_TESTS'],
  ...['TEST_FWD_ONLY_REL', 'BUFFER_POOL_SIZE', 'empty', 'separator'],
]);
const runnerDirectives: ReadonlySet<string> = new Set([
  ...['RELOADDB', 'IMPORT_DATABASE', 'REMOVE_FILE', 'BEGIN_CONCURRENT_EXECUTION'],
  ...['END_CONCURRENT_EXECUTION', 'CREATE_DATASET_SCHEMA', 'INSERT_DATASET_BY_ROW', 'MULTI_COPY_RANDOM'],
]);
const ignoredInStatements: ReadonlySet<string> = new Set([
  ...['LOG', 'PARALLELISM', 'CHECKPOINT_WAIT_TIMEOUT', 'CREATE_CONNECTION', 'SET', 'empty'],
]);

/** Reads a `.test` file as the engine's runner does; what it would refuse is counted as unknown. */
export function parseTestFile(text: string): TestFile {
  return new TestFileParser(text).parse();
}

class TestFileParser {
  readonly #cursor: LineCursor;
  readonly #variables = new Map([['KUZU_ROOT_DIRECTORY', sourceRoot]]);
  readonly #blocks = new Map<string, readonly Step[]>();
  readonly #cases: { name: string; disabledBy: string | undefined; steps: Step[] }[] = [];
  readonly #unknown = new Map<string, number>();
  #datasetType = '';
  #dataset = '';
  #fileDisabledBy: string | undefined;

  constructor(text: string) {
    this.#cursor = new LineCursor(text);
  }

  parse(): TestFile {
    while (this.#cursor.advance() && this.#cursor.current.token !== 'separator') this.#readHeaderLine();
    while (this.#cursor.advance()) this.#readBodyLine();
    const cases: TestCase[] = this.#cases.filter(({ steps }) => steps.length > 0);
    return { datasetType: this.#datasetType, dataset: this.#dataset, cases, unknown: this.#unknown };
  }

  #readHeaderLine(): void {
    const { token, words } = this.#cursor.current;
    if (token === 'DATASET') {
      const [, type = '', ...rest] = words;
      const converted = /^CSV_TO_\w+\((.*)\)$/.exec(rest.join(' '));
      this.#datasetType = converted ? 'CSV' : type;
      this.#dataset = converted?.[1] ?? rest[0] ?? '';
    } else if (token && disabling.has(token)) this.#fileDisabledBy = token;
    else if (!token || !ignored.has(token)) this.#countUnknown();
  }

  #readBodyLine(): void {
    const { token = '', words } = this.#cursor.current;
    const last = this.#cases.at(-1);
    if (token === 'CASE')
      this.#cases.push({ name: words[1] ?? '', disabledBy: this.#fileDisabledBy, steps: [] });
    else if (token === 'DEFINE') this.#variables.set(words[1] ?? '', toVariable(words));
    else if (token === 'DEFINE_STATEMENT_BLOCK') this.#readBlock(words[1] ?? '');
    else if (token === 'INSERT_STATEMENT_BLOCK')
      last?.steps.push(...(this.#blocks.get(words[1] ?? '') ?? []));
    else if (token === 'LOAD_DYNAMIC_EXTENSION') last?.steps.push(this.#loadExtension(words[1] ?? ''));
    else if (disabling.has(token) && last) last.disabledBy = token;
    else if (!ignored.has(token)) {
      const step = this.#readStep();
      if (step) last?.steps.push(step);
    }
  }

  #readBlock(name: string): void {
    const steps: Step[] = [];
    while (this.#cursor.advance() && this.#cursor.current.token !== 'block-end') {
      const step = this.#readStep();
      if (step) steps.push(step);
    }
    this.#blocks.set(name, steps);
  }

  #loadExtension(name: string): Step {
    return this.#toStatement({ statement: `LOAD EXTENSION '${name}'`, line: this.#cursor.line }, [
      { kind: 'ok' },
    ]);
  }

  /** Reads from the current line to the end of the expectations, or one directive of the runner. */
  #readStep(): Step | undefined {
    const draft: StatementDraft = { statement: '', line: this.#cursor.line };
    do {
      const { token, words } = this.#cursor.current;
      if (token === 'result') return this.#toStatement(draft, this.#readExpectations());
      if (token && runnerDirectives.has(token)) {
        return { kind: 'runner', line: this.#cursor.line, directive: token, parameters: words.slice(1) };
      }
      if (token === 'STATEMENT') {
        draft.line = this.#cursor.line;
        const first = words.slice(1).join(' ');
        const [, , rest = first] = /\[(conn.*?)\]\s*(.*)/.exec(first) ?? [];
        draft.statement = this.#substitute(rest + this.#cursor.takeTextLines().join(' '));
      } else if (token === 'BATCH_STATEMENTS')
        draft.batchFile = /<FILE(?::>|>:)(\S+)/.exec(words.join(' '))?.[1] ?? '';
      else if (token === 'CHECK_ORDER') draft.checkOrder = true;
      else if (token === 'CHECK_PRECISION') draft.checkPrecision = true;
      else if (token === 'CHECK_COLUMN_NAMES') draft.checkColumnNames = true;
      else if (!token || !ignoredInStatements.has(token)) this.#countUnknown();
    } while (this.#cursor.advance());
    return draft.statement || draft.batchFile ? this.#toStatement(draft, []) : undefined;
  }

  #toStatement(draft: StatementDraft, expectations: readonly Expectation[]): Step {
    const { checkOrder = false, checkPrecision = false, checkColumnNames = false } = draft;
    return { kind: 'statement', ...draft, expectations, checkOrder, checkPrecision, checkColumnNames };
  }

  #readExpectations(): Expectation[] {
    const expectations: Expectation[] = [];
    do {
      const { token, words } = this.#cursor.current;
      if (token === 'empty') continue;
      if (token !== 'result') {
        this.#cursor.retreat();
        return expectations;
      }
      expectations.push(this.#readExpectation(words[1] ?? ''));
    } while (this.#cursor.advance());
    return expectations;
  }

  #readExpectation(word: string): Expectation {
    if (word === 'ok') return { kind: 'ok' };
    if (word === 'error' || word === 'error(regex)') {
      const text = this.#substitute(this.#cursor.takeTextLines().join('\n'));
      return word === 'error' ? { kind: 'error', message: text } : { kind: 'error-pattern', pattern: text };
    }
    if (word.startsWith('hash')) {
      this.#cursor.advance();
      return { kind: 'hash', md5: this.#cursor.current.words.at(-1) ?? '' };
    }
    const lines: string[] = [];
    for (let left = Number.parseInt(word, 10); left > 0; left -= 1) {
      const line = this.#cursor.takeText() ?? '';
      if (line.startsWith('<FILE>:') && lines.length === 0) return { kind: 'answers', file: line.slice(7) };
      lines.push(this.#substitute(line));
    }
    return { kind: 'tuples', lines };
  }

  #substitute(text: string): string {
    let result = text;
    for (const [name, value] of this.#variables) result = result.replaceAll(`\${${name}}`, value);
    return result;
  }

  #countUnknown(): void {
    const name = this.#cursor.current.words[0] ?? '';
    this.#unknown.set(name, (this.#unknown.get(name) ?? 0) + 1);
  }
}

interface StatementDraft {
  statement: string;
  line: number;
  batchFile?: string;
  checkOrder?: boolean;
  checkPrecision?: boolean;
  checkColumnNames?: boolean;
}

/** The value of `-DEFINE name "text"`, `-DEFINE name REPEAT 3 "x${count}"` or `-DEFINE name ARANGE 0 9`. */
function toVariable(words: readonly string[]): string {
  const [, , command, first = '', last = ''] = words;
  if (command === 'ARANGE') {
    const from = Number(first);
    const numbers = Array.from({ length: Number(last) - from + 1 }, (_, index) => from + index);
    return `[${numbers.join(',')}]`;
  }
  const text = words.slice(command === 'REPEAT' ? 4 : 2).join(' ');
  const inner = text.slice(text.indexOf('"') + 1, text.lastIndexOf('"'));
  if (command !== 'REPEAT') return inner;
  return Array.from({ length: Number(first) }, (_, index) =>
    inner.replaceAll(`\${count}`, String(index + 1)),
  ).join('');
}
