import { parseDataType } from './parse-data-type.ts';
import { parseExpression } from './parse-expression.ts';
import { parseFromTo } from './parse-property-definition.ts';
import type { TokenCursor } from './token-cursor.ts';

/** The rest of kU_AlterTable, after ALTER TABLE. */
export function parseAlterTable(cursor: TokenCursor): void {
  cursor.expectSpace();
  cursor.expectName();
  if (cursor.acceptSpacedKeyword('ADD')) parseAdd(cursor);
  else if (cursor.acceptSpacedKeyword('DROP')) parseDrop(cursor);
  else if (cursor.acceptSpacedKeyword('RENAME')) parseRename(cursor);
  else throw cursor.unexpected('ADD, DROP or RENAME');
}

function parseAdd(cursor: TokenCursor): void {
  cursor.acceptSpacedKeywords('IF', 'NOT', 'EXISTS');
  if (isFromTo(cursor)) {
    parseFromTo(cursor);
    return;
  }
  cursor.expectName();
  cursor.expectSpace();
  parseDataType(cursor);
  if (cursor.acceptSpacedKeyword('DEFAULT')) parseExpression(cursor);
}

function parseDrop(cursor: TokenCursor): void {
  cursor.acceptSpacedKeywords('IF', 'EXISTS');
  if (isFromTo(cursor)) parseFromTo(cursor);
  else cursor.expectName();
}

function parseRename(cursor: TokenCursor): void {
  if (!isRenameOfTable(cursor)) {
    cursor.expectName();
    cursor.expectSpace();
  }
  cursor.expectKeywords('TO');
  cursor.expectSpace();
  cursor.expectName();
}

// `RENAME to TO x` renames a property that is called `to`.
function isRenameOfTable(cursor: TokenCursor): boolean {
  return cursor.isKeyword('TO') && !cursor.isKeyword('TO', 1);
}

function isFromTo(cursor: TokenCursor): boolean {
  return cursor.isKeyword('FROM') && cursor.isName(1) && cursor.isKeyword('TO', 2);
}
