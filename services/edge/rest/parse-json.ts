import { type Json, JsonNumber } from './json-tree.ts';
import { malformedBody, quote } from './malformed.ts';

/** More than any honest request needs; keeps hostile ones off the stack. */
const nestingMax = 100;

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON forbids in strings
const plainTextPattern = /[^"\\\u0000-\u001f]*/y;
const whitespacePattern = /[ \t\n\r]*/y;
const decoder = new TextDecoder('utf-8', { fatal: true });
const words: ReadonlyMap<string, Json> = new Map([
  ['t', true],
  ['f', false],
  ['n', null],
]);

/**
 * Parses JSON strictly (RFC 8259): duplicate names, nesting beyond 100, broken UTF-8 or surrogates and trailing
 * garbage are MALFORMED_BODY with line and column. Numbers keep their digits.
 */
export function parseJson(bytes: Uint8Array): Json {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw malformedBody('', 'the body is not UTF-8', cause);
  }
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Json {
    this.#skip(whitespacePattern);
    const value = this.#value();
    this.#skip(whitespacePattern);
    if (this.#at < this.#text.length) this.#fail('nothing is expected after the JSON value');
    return value;
  }

  #value(): Json {
    const first = this.#text.charAt(this.#at);
    if (first === '"') return this.#string();
    if (first === '{') return this.#nested(() => this.#object());
    if (first === '[') return this.#nested(() => this.#array());
    const word = words.get(first);
    if (word === undefined) return this.#number();
    const name = String(word);
    if (!this.#text.startsWith(name, this.#at)) this.#fail('a JSON value is expected');
    this.#at += name.length;
    return word;
  }

  #nested<T>(parse: () => T): T {
    this.#depth += 1;
    if (this.#depth > nestingMax) this.#fail(`the JSON is nested deeper than ${nestingMax} levels`);
    this.#at += 1;
    this.#skip(whitespacePattern);
    const value = parse();
    this.#depth -= 1;
    return value;
  }

  #object(): Json {
    const members = new Map<string, Json>();
    if (this.#take('}')) return members;
    do {
      this.#skip(whitespacePattern);
      if (this.#text.charAt(this.#at) !== '"') this.#fail('a name in double quotes is expected');
      const start = this.#at;
      const name = this.#string();
      if (members.has(name)) this.#fail(`the name ${quote(name)} occurs twice in one object`, start);
      this.#skip(whitespacePattern);
      if (!this.#take(':')) this.#fail('":" is expected');
      this.#skip(whitespacePattern);
      members.set(name, this.#value());
      this.#skip(whitespacePattern);
    } while (this.#take(','));
    if (!this.#take('}')) this.#fail('"," or "}" is expected');
    return members;
  }

  #array(): Json {
    const elements: Json[] = [];
    if (this.#take(']')) return elements;
    do {
      this.#skip(whitespacePattern);
      elements.push(this.#value());
      this.#skip(whitespacePattern);
    } while (this.#take(','));
    if (!this.#take(']')) this.#fail('"," or "]" is expected');
    return elements;
  }

  #number(): JsonNumber {
    const start = this.#at;
    this.#skip(numberPattern);
    if (this.#at === start) {
      this.#fail(start === this.#text.length ? 'the JSON ends too early' : 'a JSON value is expected');
    }
    if (/[\w.+-]/.test(this.#text.charAt(this.#at))) this.#fail('this is not a JSON number', start);
    return new JsonNumber(this.#text.slice(start, this.#at));
  }

  #string(): string {
    const start = this.#at;
    let isPlain = true;
    this.#at += 1;
    for (;;) {
      this.#skip(plainTextPattern);
      const next = this.#text.charAt(this.#at);
      if (next === '"') break;
      if (next === '') this.#fail('a string is never closed', start);
      if (next !== '\\') this.#fail('a control character in a string must be escaped');
      isPlain = false;
      this.#at += 2;
    }
    this.#at += 1;
    if (isPlain) return this.#text.slice(start + 1, this.#at - 1);
    return this.#unescape(start);
  }

  #unescape(start: number): string {
    let text = '';
    try {
      text = JSON.parse(this.#text.slice(start, this.#at));
    } catch {
      this.#fail('a string has an escape that JSON does not know', start);
    }
    if (!text.isWellFormed()) this.#fail('a string has half of a surrogate pair', start);
    return text;
  }

  #take(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false;
    this.#at += 1;
    return true;
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    pattern.test(this.#text);
    this.#at = Math.max(this.#at, pattern.lastIndex);
  }

  #fail(why: string, at = this.#at): never {
    const before = this.#text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    throw malformedBody('', `${why} (line ${line}, column ${column})`);
  }
}
