import { ConfigError } from './config.ts';

/**
 * A value of a JSON file of settings, with its place in it. Each reading says what is allowed; a value that is not
 * stops the start with the file, the path, what is allowed and the value's shape.
 */
export class JsonSetting {
  readonly #file: string;
  readonly #path: string;
  readonly #value: unknown;

  constructor(file: string, value: unknown, path = '') {
    this.#file = file;
    this.#value = value;
    this.#path = path;
  }

  /** An object with exactly these keys. */
  object<const K extends string>(keys: readonly K[]): Readonly<Record<K, JsonSetting>> {
    const entries = this.entries();
    for (const name of entries.keys()) {
      const isKnown = keys.some((key) => key === name);
      if (!isKnown) throw this.at(name).refused(`is not known; known are ${keys.join(', ')}`);
    }
    const missing = keys.find((key) => !entries.has(key));
    if (missing !== undefined) throw this.at(missing).refused('is missing');
    return Object.fromEntries(entries) as Record<K, JsonSetting>;
  }

  /** The entries of an object, whatever its keys. */
  entries(): ReadonlyMap<string, JsonSetting> {
    if (!isObject(this.#value)) throw this.#refuse('must be an object');
    return new Map(Object.keys(this.#value).map((name) => [name, this.at(name)]));
  }

  /** The value below this key. */
  at(name: string): JsonSetting {
    const below = isObject(this.#value) ? this.#value[name] : undefined;
    return new JsonSetting(this.#file, below, this.#path === '' ? name : `${this.#path}.${name}`);
  }

  get isNull(): boolean {
    return this.#value === null;
  }

  has(name: string): boolean {
    return isObject(this.#value) && Object.hasOwn(this.#value, name);
  }

  /** A whole number within bounds. */
  integer(min: number, max: number): number {
    const value = this.#value;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw this.#refuse(`must be a whole number from ${min} to ${max}`);
  }

  /** A whole number within bounds, or the word, which stands for Infinity. */
  integerOr(word: string, min: number, max: number): number {
    if (this.#value === word) return Number.POSITIVE_INFINITY;
    if (typeof this.#value === 'number') return this.integer(min, max);
    throw this.#refuse(`must be a whole number from ${min} to ${max}, or "${word}"`);
  }

  /** A text of this form. */
  text(form: RegExp, allowed: string): string {
    if (typeof this.#value === 'string' && form.test(this.#value)) return this.#value;
    throw this.#refuse(`must be ${allowed}`);
  }

  /** One of a few words. */
  oneOf<const T extends string>(words: readonly T[]): T {
    const word = words.find((allowed) => allowed === this.#value);
    if (word !== undefined) return word;
    throw this.#refuse(`must be ${words.map((each) => `"${each}"`).join(' or ')}`);
  }

  #refuse(rule: string): ConfigError {
    return this.refused(`${rule}; it is ${shapeOf(this.#value)}`);
  }

  /** The error of a value that breaks a rule. */
  refused(message: string): ConfigError {
    return new ConfigError(`${this.#file}: ${this.#path || 'the file'} ${message}`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shapeOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  if (typeof value === 'object') return 'an object';
  if (typeof value !== 'number') return `a ${typeof value}`;
  if (!Number.isInteger(value)) return 'a fraction';
  return `${value < 0 ? 'a negative number' : 'a whole number'} of ${String(Math.abs(value)).length} digits`;
}
