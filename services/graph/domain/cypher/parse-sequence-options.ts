import type { TokenCursor } from './token-cursor.ts';

/** kU_SequenceOptions, any number of them; the engine refuses repetitions. */
export function parseSequenceOptions(cursor: TokenCursor): void {
  for (let start = cursor.index; parseSequenceOption(cursor); start = cursor.index) {
    if (cursor.tokens[start]?.spaceBefore === false) throw cursor.unexpected('whitespace');
    cursor.countClause();
  }
}

function parseSequenceOption(cursor: TokenCursor): boolean {
  if (cursor.acceptKeywords('INCREMENT')) {
    cursor.acceptKeywords('BY');
    parseInteger(cursor);
  } else if (cursor.acceptKeywords('START')) {
    cursor.acceptKeywords('WITH');
    parseInteger(cursor);
  } else if (cursor.acceptKeywords('MINVALUE') || cursor.acceptKeywords('MAXVALUE')) {
    parseInteger(cursor);
  } else if (cursor.acceptKeywords('NO')) {
    const known = ['MINVALUE', 'MAXVALUE', 'CYCLE'].some((word) => cursor.acceptKeywords(word));
    if (!known) throw cursor.unexpected('MINVALUE, MAXVALUE or CYCLE');
  } else {
    return cursor.acceptKeywords('CYCLE');
  }
  return true;
}

function parseInteger(cursor: TokenCursor): void {
  cursor.expectSpace();
  if (cursor.acceptSymbol('-')) cursor.expectNoSpace();
  cursor.expectKind('integer');
}
