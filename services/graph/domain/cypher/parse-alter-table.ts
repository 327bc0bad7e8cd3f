import { parseDataType } from './parse-data-type.ts';
import { parseExpression } from './parse-expression.ts';
import { parseFromTo } from './parse-property-definition.ts';
import type { TokenCursor } from './token-cursor.ts';

/** The rest of kU_AlterTable, after ALTER TABLE. */
export function parseAlterTable(cursor: TokenCursor): void {
  cursor.expectName();
  if (cursor.acceptKeywords('ADD')) parseAdd(cursor);
  else if (cursor.acceptKeywords('DROP')) parseDrop(cursor);
  else if (cursor.acceptKeywords('RENAME')) parseRename(cursor);
  else throw cursor.unexpected('ADD, DROP or RENAME');
}

function parseAdd(cursor: TokenCursor): void {
  cursor.acceptKeywords('IF', 'NOT', 'EXISTS');
  if (isFromTo(cursor)) {
    parseFromTo(cursor);
    return;
  }
  cursor.expectName();
  parseDataType(cursor);
  if (cursor.acceptKeywords('DEFAULT')) parseExpression(cursor);
}

function parseDrop(cursor: TokenCursor): void {
  cursor.acceptKeywords('IF', 'EXISTS');
  if (isFromTo(cursor)) parseFromTo(cursor);
  else cursor.expectName();
}

function parseRename(cursor: TokenCursor): void {
  if (!cursor.acceptKeywords('TO')) {
    cursor.expectName();
    cursor.expectKeywords('TO');
  }
  cursor.expectName();
}

function isFromTo(cursor: TokenCursor): boolean {
  return cursor.isKeyword('FROM') && cursor.isName(1) && cursor.isKeyword('TO', 2);
}
