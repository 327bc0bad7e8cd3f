import { parseDataType } from './parse-data-type.ts';
import { parseExpression } from './parse-expression.ts';
import type { TokenCursor } from './token-cursor.ts';

/** kU_PropertyDefinition: `name TYPE [DEFAULT expression] [PRIMARY KEY]`. */
export function parsePropertyDefinition(cursor: TokenCursor): void {
  cursor.expectName();
  parseDataType(cursor);
  if (cursor.acceptKeywords('DEFAULT')) parseExpression(cursor);
  cursor.acceptKeywords('PRIMARY', 'KEY');
}

/** kU_FromToConnection. */
export function parseFromTo(cursor: TokenCursor): void {
  cursor.expectKeywords('FROM');
  cursor.expectName();
  cursor.expectKeywords('TO');
  cursor.expectName();
}
