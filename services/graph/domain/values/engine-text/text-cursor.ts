import { InexactValue } from '../value.ts';

/** A place in the engine's text of a value. Throws InexactValue where the text is another than expected. */
export class TextCursor {
  readonly #text: string;
  #at: number;

  constructor(text: string, at = 0) {
    this.#text = text;
    this.#at = at;
  }

  /** True where the text goes on with this; takes it. */
  accept(text: string): boolean {
    if (!this.sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** Takes this text. */
  expect(text: string): void {
    if (!this.accept(text)) throw new InexactValue(`text without ${text}`);
  }

  /** True where the text goes on with this. */
  sees(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  /** Takes what a sticky pattern matches here. */
  match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found === undefined) throw new InexactValue(`text without ${pattern}`);
    this.#at += found.length;
    return found;
  }

  /** Another cursor at the same place. */
  fork(): TextCursor {
    return new TextCursor(this.#text, this.#at);
  }

  /** Goes to where another cursor of the same text stands. */
  moveTo(other: TextCursor): void {
    this.#at = other.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }
}
