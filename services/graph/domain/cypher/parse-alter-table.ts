import { parseDataType } from './parse-data-type.ts';
import { parseDefault, parseFromTo } from './parse-property-definition.ts';
import { nameOf, type Token } from './token.ts';
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

/** The table whose connections an ALTER TABLE adds or drops; undefined for any other statement. */
export function tableOfAlteredConnection(tokens: readonly Token[]): string | undefined {
  const [alter, table, name, verb] = tokens;
  if (!name || alter?.word !== 'ALTER' || table?.word !== 'TABLE') return undefined;
  if (verb?.word !== 'ADD' && verb?.word !== 'DROP') return undefined;
  const words = tokens.slice(4).map(({ word }) => word);
  while (words[0] === 'IF' && (words[1] === 'NOT' || words[1] === 'EXISTS')) {
    words.splice(0, words[1] === 'NOT' ? 3 : 2);
  }
  return words[0] === 'FROM' && words[2] === 'TO' ? nameOf(name) : undefined;
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
  parseDefault(cursor);
}

function parseDrop(cursor: TokenCursor): void {
  cursor.acceptSpacedKeywords('IF', 'EXISTS');
  if (isFromTo(cursor)) parseFromTo(cursor);
  else cursor.expectName();
}

function parseRename(cursor: TokenCursor): void {
  const isTable = isRenameOfTable(cursor);
  if (!isTable) {
    cursor.expectName();
    cursor.expectSpace();
  }
  cursor.expectKeywords('TO');
  cursor.expectSpace();
  if (isTable) cursor.expectNewTableName();
  else cursor.expectName();
}

// `RENAME to TO x` renames a property that is called `to`.
function isRenameOfTable(cursor: TokenCursor): boolean {
  return cursor.isKeyword('TO') && !cursor.isKeyword('TO', 1);
}

function isFromTo(cursor: TokenCursor): boolean {
  return cursor.isKeyword('FROM') && cursor.isName(1) && cursor.isKeyword('TO', 2);
}
