import { parseDataType } from './parse-data-type.ts';
import { parseExpression } from './parse-expression.ts';
import { notAllowed, type TokenCursor } from './token-cursor.ts';

const UNREADABLE_KEYWORDS = new Set('ALL AND ANY EXISTS IS NONE NOT OR SINGLE XOR'.split(' '));
// `>` is also in a lambda's arrow. The engine has no values for parameters here.
const UNREADABLE_SYMBOLS = new Set(['=', '<>', '<', '<=', '>', '>=', '$']);

/** kU_PropertyDefinition: `name TYPE [DEFAULT expression] [PRIMARY KEY]`. */
export function parsePropertyDefinition(cursor: TokenCursor): void {
  cursor.expectName();
  cursor.expectSpace();
  parseDataType(cursor);
  parseDefault(cursor);
  if (cursor.isKeyword('PRIMARY')) cursor.expectSpace();
  cursor.acceptKeywords('PRIMARY', 'KEY');
}

/**
 * kU_Default, if there is one. Refuses what the engine writes to its log and catalogue but cannot read back
 * (parsed_expression.cpp, `deserialize`): comparisons, conditions and lambdas. A graph with one does not open again,
 * or loses what was committed after it (tried on 0.11.3).
 */
export function parseDefault(cursor: TokenCursor): void {
  if (!cursor.acceptSpacedKeyword('DEFAULT')) return;
  const start = cursor.index;
  parseExpression(cursor);
  const unreadable = cursor.tokens
    .slice(start, cursor.index)
    .find(({ kind, word, text }) =>
      kind === 'keyword' ? UNREADABLE_KEYWORDS.has(word) : kind === 'symbol' && UNREADABLE_SYMBOLS.has(text),
    );
  if (unreadable) throw notAllowed(`DEFAULT with ${unreadable.text}`, unreadable);
}

/** kU_FromToConnection. */
export function parseFromTo(cursor: TokenCursor): void {
  cursor.expectKeywords('FROM');
  cursor.expectSpace();
  cursor.expectName();
  cursor.expectSpacedKeyword('TO');
  cursor.expectName();
}
