import type { Token } from './token.ts';

/**
 * The text that runs: the same tokens, with every run of whitespace and comments replaced by one space.
 * A token never grows when a space replaces what followed it, so the text tokenizes to the same tokens; and
 * where nothing separated two tokens nothing is added, because parts of the grammar forbid whitespace.
 */
export function toCanonical(tokens: readonly Token[]): string {
  return tokens
    .map((token, index) => (token.spaceBefore && index > 0 ? ` ${token.text}` : token.text))
    .join('');
}
