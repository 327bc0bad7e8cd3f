import { ELEMENT_FUNCTIONS, GROUP_FUNCTIONS } from './callable-functions.ts';
import { foldedNameOf, nameOf, type Token } from './token.ts';
import { notAllowed, type TokenCursor } from './token-cursor.ts';

/** Refuses arguments from which the engine reads memory that is not theirs. The cursor stands after the call. */
export function checkArguments(cursor: TokenCursor, name: Token, starts: readonly number[]): void {
  const called = foldedNameOf(name);
  const [first, , third] = starts;
  if (GROUP_FUNCTIONS.has(called) && third !== undefined && !isInteger(cursor, third)) {
    throw notAllowed(`${nameOf(name)} with a group that is not a number written out`, name);
  }
  if (ELEMENT_FUNCTIONS.has(called) && first !== undefined && isPlainValue(cursor.tokens[first])) {
    throw notAllowed(`${nameOf(name)} of what is no node, relationship or path`, name);
  }
}

// The argument ends where the call does.
function isInteger(cursor: TokenCursor, start: number): boolean {
  return cursor.tokens[start]?.kind === 'integer' && start === cursor.index - 2;
}

function isPlainValue(token: Token | undefined): boolean {
  if (token?.kind === 'symbol') return token.text === '$' || token.text === '{';
  return token?.kind === 'keyword'
    ? token.word === 'NULL'
    : token?.kind !== 'name' && token?.kind !== 'escaped-name';
}
