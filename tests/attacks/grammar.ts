import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A part of a rule of the grammar. */
export type GrammarNode =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'rule'; readonly name: string }
  /** A keyword; the engine takes its ASCII letters in either case. */
  | { readonly kind: 'keyword'; readonly word: string }
  | { readonly kind: 'characters'; readonly pattern: RegExp }
  /** `isError`: the engine's parser takes it only to object with a message of its own. */
  | { readonly kind: 'sequence'; readonly items: readonly GrammarNode[]; readonly isError: boolean }
  | { readonly kind: 'choice'; readonly options: readonly GrammarNode[] }
  | { readonly kind: 'repeat'; readonly item: GrammarNode; readonly min: 0 | 1; readonly max: 1 | undefined };

/** The rules of a grammar by name. */
export type Grammar = ReadonlyMap<string, GrammarNode>;

const symbols =
  /\s+|\/\/[^\n]*|'(?:\\.|[^'\\])*'|~?\[(?:\\.|[^\]\\])*\]|\{(?:[^{}]|\{[^{}]*\})*\}|[A-Za-z_]\w*|[:;|()?*+.]/gy;

/** Reads the grammar that ships with the engine; the words that it leaves to a list of keywords included. */
export function readEngineGrammar(): Grammar {
  const folder = join(dirname(createRequire(import.meta.url).resolve('kuzu')), 'kuzu-source/src/antlr4');
  const keywords = readFileSync(join(folder, 'keywords.txt'), 'utf8').trim().split(/\s+/);
  return parseGrammar(readFileSync(join(folder, 'Cypher.g4'), 'utf8'), new Set(keywords));
}

/** Parses the part of ANTLR's notation that the engine's grammar uses. Of actions only whether they object is kept. */
export function parseGrammar(text: string, keywords: ReadonlySet<string>): Grammar {
  const tokens = [...text.matchAll(symbols)]
    .map(([token]) => token)
    .filter((token) => !/^(?:\s|\/\/)/.test(token));
  const read = [...text.matchAll(symbols)].reduce((sum, [token]) => sum + token.length, 0);
  if (read !== text.length) throw new Error(`the grammar cannot be read from character ${read}`);
  const reader = new RuleReader(tokens, keywords);
  const grammar = new Map<string, GrammarNode>();
  while (!reader.isAtEnd()) grammar.set(...reader.readRule());
  for (const name of reader.mentioned) {
    if (!grammar.has(name)) throw new Error(`the grammar has no rule ${name}`);
  }
  return grammar;
}

class RuleReader {
  readonly mentioned = new Set<string>();
  readonly #tokens: readonly string[];
  readonly #keywords: ReadonlySet<string>;
  #index = 0;

  constructor(tokens: readonly string[], keywords: ReadonlySet<string>) {
    this.#tokens = tokens;
    this.#keywords = keywords;
  }

  isAtEnd(): boolean {
    return this.#index >= this.#tokens.length;
  }

  readRule(): [string, GrammarNode] {
    this.#accept('fragment');
    const name = this.#take();
    this.#expect(':');
    const body = this.#readChoice();
    this.#expect(';');
    return [name, body];
  }

  #readChoice(): GrammarNode {
    const options = [this.#readSequence()];
    while (this.#accept('|')) options.push(this.#readSequence());
    return options.length === 1 && options[0] ? options[0] : { kind: 'choice', options };
  }

  #readSequence(): GrammarNode {
    const items: GrammarNode[] = [];
    let isError = false;
    while (!this.isAtEnd() && !['|', ')', ';'].includes(this.#peek())) {
      if (!this.#peek().startsWith('{')) items.push(this.#readRepeat());
      // A condition within an action looks at the text; without one it always objects.
      else isError ||= !this.#take().startsWith('{if');
    }
    return { kind: 'sequence', items, isError };
  }

  #readRepeat(): GrammarNode {
    const item = this.#readItem();
    if (this.#accept('?')) return { kind: 'repeat', item, min: 0, max: 1 };
    if (this.#accept('*')) return { kind: 'repeat', item, min: 0, max: undefined };
    if (this.#accept('+')) return { kind: 'repeat', item, min: 1, max: undefined };
    return item;
  }

  #readItem(): GrammarNode {
    const token = this.#take();
    if (token === '(') {
      const inner = this.#readChoice();
      this.#expect(')');
      return inner;
    }
    if (token.startsWith("'")) return { kind: 'literal', text: textOf(token.slice(1, -1)) };
    if (token === '.') return { kind: 'characters', pattern: /./su };
    if (/^~?\[/.test(token)) return { kind: 'characters', pattern: toPattern(token) };
    if (token === 'EOF') return { kind: 'sequence', items: [], isError: false };
    if (this.#keywords.has(token)) return { kind: 'keyword', word: token };
    this.mentioned.add(token);
    return { kind: 'rule', name: token };
  }

  #peek(): string {
    return this.#tokens[this.#index] ?? '';
  }

  #take(): string {
    if (this.isAtEnd()) throw new Error('the grammar ends within a rule');
    this.#index += 1;
    return this.#tokens[this.#index - 1] ?? '';
  }

  #accept(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#index += 1;
    return true;
  }

  #expect(token: string): void {
    const found = this.#take();
    if (found !== token) throw new Error(`the grammar has ${found} where ${token} was expected`);
  }
}

function textOf(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})|\\(.)/g, (_all, code: string | undefined, other: string) => {
    return code === undefined ? other : String.fromCharCode(Number.parseInt(code, 16));
  });
}

function toPattern(token: string): RegExp {
  const isNegated = token.startsWith('~');
  const inner = token.slice(isNegated ? 2 : 1, -1).replace(/^\^/, '\\^');
  return new RegExp(`^[${isNegated ? '^' : ''}${inner}]$`, 'u');
}
