import { upperAscii } from './keywords.ts';

/** What a token can stand for. Keywords are told from names by the engine's list, ASCII case-insensitively. */
export type TokenKind = 'name' | 'escaped-name' | 'keyword' | 'string' | 'integer' | 'double' | 'symbol';

/** One token; whitespace and comments only survive as `spaceBefore`. */
export interface Token {
  readonly kind: TokenKind;
  /** The text as written. */
  readonly text: string;
  /** Keywords in upper case; other tokens as written. */
  readonly word: string;
  /** Start in UTF-16 code units. */
  readonly offset: number;
  /** Whether whitespace or a comment separated it from the token before. */
  readonly spaceBefore: boolean;
}

/** The name that a symbolic token stands for: the engine drops the outer backticks and nothing else. */
export function nameOf(token: Token): string {
  return token.kind === 'escaped-name' ? token.text.slice(1, -1) : token.text;
}

/** The name in the engine's folded form, for look-ups in its case-insensitive catalogs. */
export function foldedNameOf(token: Token): string {
  return upperAscii(nameOf(token));
}
