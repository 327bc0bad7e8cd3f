import { parseDataType } from './parse-data-type.ts';
import { parseExpression } from './parse-expression.ts';
import type { TokenCursor } from './token-cursor.ts';

/** kU_PropertyDefinition: `name TYPE [DEFAULT expression] [PRIMARY KEY]`. */
export function parsePropertyDefinition(cursor: TokenCursor): void {
  cursor.expectName();
  cursor.expectSpace();
  parseDataType(cursor);
  if (cursor.acceptSpacedKeyword('DEFAULT')) parseExpression(cursor);
  if (cursor.isKeyword('PRIMARY')) cursor.expectSpace();
  cursor.acceptKeywords('PRIMARY', 'KEY');
}

/** kU_FromToConnection. */
export function parseFromTo(cursor: TokenCursor): void {
  cursor.expectKeywords('FROM');
  cursor.expectSpace();
  cursor.expectName();
  cursor.expectSpacedKeyword('TO');
  cursor.expectName();
}
