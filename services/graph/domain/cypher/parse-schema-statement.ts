import { parseAlterTable } from './parse-alter-table.ts';
import { parseDataType } from './parse-data-type.ts';
import { parseFromTo, parsePropertyDefinition } from './parse-property-definition.ts';
import { parseQuery } from './parse-query.ts';
import { parseSequenceOptions } from './parse-sequence-options.ts';
import { foldedNameOf } from './token.ts';
import { notAllowed, type TokenCursor } from './token-cursor.ts';

/** The statements that change a schema. `create-*-table-as` copies rows in, which forces a checkpoint. */
export type SchemaStatementKind =
  | 'create-node-table'
  | 'create-node-table-as'
  | 'create-rel-table'
  | 'create-rel-table-as'
  | 'create-sequence'
  | 'create-type'
  | 'drop-table'
  | 'drop-sequence'
  | 'alter-table'
  | 'comment-on';

/** Parses a schema statement; undefined if the cursor does not stand at one. */
export function parseSchemaStatement(cursor: TokenCursor): SchemaStatementKind | undefined {
  const first = cursor.peek();
  const kind = parseAny(cursor);
  if (kind !== undefined) cursor.noteWrite(kind.replaceAll('-', ' ').toUpperCase(), first);
  return kind;
}

function parseAny(cursor: TokenCursor): SchemaStatementKind | undefined {
  if (cursor.acceptKeywords('CREATE', 'NODE', 'TABLE')) return parseNodeTable(cursor);
  if (cursor.acceptKeywords('CREATE', 'REL', 'TABLE')) return parseRelTable(cursor);
  if (cursor.acceptKeywords('CREATE', 'SEQUENCE')) return parseSequence(cursor);
  if (cursor.isKeyword('CREATE') && cursor.isKeyword('TYPE', 1) && cursor.isName(2)) return parseType(cursor);
  if (cursor.acceptKeywords('DROP', 'TABLE')) return parseDrop(cursor, 'drop-table');
  if (cursor.acceptKeywords('DROP', 'SEQUENCE')) return parseDrop(cursor, 'drop-sequence');
  if (cursor.acceptKeywords('ALTER', 'TABLE')) {
    parseAlterTable(cursor);
    return 'alter-table';
  }
  if (!cursor.acceptKeywords('COMMENT', 'ON', 'TABLE')) return undefined;
  cursor.expectName();
  cursor.expectKeywords('IS');
  cursor.expectKind('string');
  return 'comment-on';
}

function parseNodeTable(cursor: TokenCursor): SchemaStatementKind {
  cursor.acceptKeywords('IF', 'NOT', 'EXISTS');
  cursor.expectName();
  if (cursor.acceptKeywords('AS')) {
    parseQuery(cursor);
    return 'create-node-table-as';
  }
  cursor.expectSymbol('(');
  do {
    if (cursor.acceptKeywords('PRIMARY', 'KEY')) {
      cursor.expectSymbol('(');
      cursor.expectName();
      cursor.expectSymbol(')');
      break;
    }
    parsePropertyDefinition(cursor);
  } while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  return 'create-node-table';
}

function parseRelTable(cursor: TokenCursor): SchemaStatementKind {
  cursor.acceptKeywords('GROUP');
  cursor.acceptKeywords('IF', 'NOT', 'EXISTS');
  cursor.expectName();
  cursor.expectSymbol('(');
  do parseRelTableEntry(cursor);
  while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  const hasQuery = cursor.acceptKeywords('AS');
  if (hasQuery) parseQuery(cursor);
  if (cursor.acceptKeywords('WITH')) parseRelTableOptions(cursor);
  return hasQuery ? 'create-rel-table-as' : 'create-rel-table';
}

// A connection, a property, or the multiplicity as a lone name.
function parseRelTableEntry(cursor: TokenCursor): void {
  if (cursor.isKeyword('FROM') && cursor.isName(1) && cursor.isKeyword('TO', 2)) parseFromTo(cursor);
  else if (cursor.isName() && cursor.isSymbol(')', 1)) cursor.expectName();
  else parsePropertyDefinition(cursor);
}

// Options are an open set in the engine; this one is harmless.
function parseRelTableOptions(cursor: TokenCursor): void {
  cursor.expectSymbol('(');
  const option = cursor.expectName();
  if (foldedNameOf(option) !== 'STORAGE_DIRECTION') throw notAllowed('table option', option);
  cursor.acceptSymbol('=');
  cursor.expectKind('string');
  cursor.expectSymbol(')');
}

function parseSequence(cursor: TokenCursor): SchemaStatementKind {
  cursor.acceptKeywords('IF', 'NOT', 'EXISTS');
  cursor.expectName();
  parseSequenceOptions(cursor);
  return 'create-sequence';
}

function parseType(cursor: TokenCursor): SchemaStatementKind {
  cursor.expectKeywords('CREATE', 'TYPE');
  cursor.expectName();
  cursor.expectKeywords('AS');
  parseDataType(cursor);
  return 'create-type';
}

function parseDrop(cursor: TokenCursor, kind: SchemaStatementKind): SchemaStatementKind {
  cursor.acceptKeywords('IF', 'EXISTS');
  cursor.expectName();
  return kind;
}
