/** A JSON number as it is written; no digit is lost. */
export class JsonNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** A JSON value. */
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;

/** A JSON object, its members in order. */
export type JsonObject = ReadonlyMap<string, Json>;

/** Levels of arrays and objects within a line. */
const depthMax = 32;

/** A line that is not one JSON object. */
export class JsonInvalid extends Error {
  override readonly name = 'JsonInvalid';
}

/** Reads one object and nothing else, strictly: no name twice. Throws JsonInvalid. */
export function parseJsonLine(line: string): JsonObject {
  const parser = new Parser(line);
  const value = parser.value(1);
  parser.end();
  if (value instanceof Map) return value;
  throw new JsonInvalid('the line is not a JSON object');
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;
const words = new Map<string, Json>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
/** To the next quote, escape or control character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them within strings.
const plainText = /[^"\\\u0000-\u001f]*/y;

class Parser {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  end(): void {
    this.#skip();
    if (this.#at < this.#line.length) throw this.#invalid('something follows the object');
  }

  value(depth: number): Json {
    if (depth > depthMax) throw new JsonInvalid(`nested deeper than ${depthMax} levels`);
    this.#skip();
    const code = this.#line.charCodeAt(this.#at);
    if (code === 0x22) return this.#string();
    if (code === 0x7b) return this.#object(depth);
    if (code === 0x5b) return this.#array(depth);
    if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const source = this.#match(number);
      if (source !== undefined) return new JsonNumber(source);
    }
    const value = words.get(this.#match(word) ?? '');
    if (value === undefined) throw this.#invalid('a value is expected');
    return value;
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, Json>();
    this.#at += 1;
    if (this.#take(0x7d)) return members;
    do {
      this.#skip();
      if (this.#line.charCodeAt(this.#at) !== 0x22) throw this.#invalid('a name is expected');
      const name = this.#string();
      if (members.has(name)) throw new JsonInvalid(`the name ${JSON.stringify(clip(name))} stands twice`);
      if (!this.#take(0x3a)) throw this.#invalid('a colon is expected');
      members.set(name, this.value(depth + 1));
    } while (this.#take(0x2c));
    if (!this.#take(0x7d)) throw this.#invalid('a comma or the end of an object is expected');
    return members;
  }

  #array(depth: number): Json[] {
    const elements: Json[] = [];
    this.#at += 1;
    if (this.#take(0x5d)) return elements;
    do elements.push(this.value(depth + 1));
    while (this.#take(0x2c));
    if (!this.#take(0x5d)) throw this.#invalid('a comma or the end of an array is expected');
    return elements;
  }

  #string(): string {
    const start = this.#at + 1;
    this.#at = start;
    let isPlain = true;
    for (;;) {
      this.#match(plainText);
      const code = this.#line.charCodeAt(this.#at);
      if (code === 0x22) break;
      if (code !== 0x5c) throw this.#invalid('a string is not closed');
      isPlain = false;
      this.#at += 2;
    }
    this.#at += 1;
    if (isPlain) return this.#line.slice(start, this.#at - 1);
    try {
      return JSON.parse(this.#line.slice(start - 1, this.#at)) as string;
    } catch {
      throw this.#invalid('an escape in a string is unknown');
    }
  }

  #take(code: number): boolean {
    this.#skip();
    if (this.#line.charCodeAt(this.#at) !== code) return false;
    this.#at += 1;
    return true;
  }

  #skip(): void {
    for (;;) {
      const code = this.#line.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return;
      this.#at += 1;
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#line)?.[0];
    if (match === undefined) return undefined;
    this.#at += match.length;
    return match;
  }

  #invalid(message: string): JsonInvalid {
    return new JsonInvalid(`${message} at character ${this.#at + 1}`);
  }
}

function clip(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}
