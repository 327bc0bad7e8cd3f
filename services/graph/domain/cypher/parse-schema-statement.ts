import { parseAlterTable } from './parse-alter-table.ts';
import { parseDataType, refuseInNewType } from './parse-data-type.ts';
import { parseFromTo, parsePropertyDefinition } from './parse-property-definition.ts';
import { parseQuery } from './parse-query.ts';
import { parseSequenceOptions } from './parse-sequence-options.ts';
import { foldedNameOf } from './token.ts';
import { notAllowed, type TokenCursor } from './token-cursor.ts';

/** The statements that change a schema. */
export type SchemaStatementKind =
  | 'create-node-table'
  | 'create-rel-table'
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
  if (cursor.isKeyword('CREATE') && cursor.isKeyword('SEQUENCE', 1) && !cursor.isSymbol('=', 2)) {
    return parseSequence(cursor);
  }
  if (cursor.isKeyword('CREATE') && cursor.isKeyword('TYPE', 1) && cursor.isName(2)) return parseType(cursor);
  if (cursor.acceptKeywords('DROP', 'TABLE')) return parseDrop(cursor, 'drop-table');
  if (cursor.acceptKeywords('DROP', 'SEQUENCE')) return parseDrop(cursor, 'drop-sequence');
  if (cursor.acceptKeywords('ALTER', 'TABLE')) {
    parseAlterTable(cursor);
    return 'alter-table';
  }
  if (!cursor.acceptKeywords('COMMENT', 'ON', 'TABLE')) return undefined;
  cursor.expectSpace();
  cursor.expectName();
  cursor.expectSpacedKeyword('IS');
  cursor.expectKind('string');
  return 'comment-on';
}

function parseNodeTable(cursor: TokenCursor): SchemaStatementKind {
  expectNewName(cursor);
  refuseQuery(cursor, 'CREATE NODE TABLE AS');
  cursor.expectSymbol('(');
  parsePropertyDefinition(cursor);
  while (cursor.acceptSymbol(',')) {
    if (cursor.acceptKeywords('PRIMARY', 'KEY')) {
      cursor.expectSymbol('(');
      cursor.expectName();
      cursor.expectSymbol(')');
      break;
    }
    parsePropertyDefinition(cursor);
  }
  cursor.expectSymbol(')');
  return 'create-node-table';
}

function parseRelTable(cursor: TokenCursor): SchemaStatementKind {
  cursor.acceptKeywords('GROUP');
  expectNewName(cursor);
  cursor.expectSymbol('(');
  parseFromTo(cursor);
  let hasProperties = false;
  while (cursor.acceptSymbol(',')) hasProperties = parseRelTableEntry(cursor, hasProperties);
  cursor.expectSymbol(')');
  if (!hasProperties) refuseQuery(cursor, 'CREATE REL TABLE AS');
  if (cursor.isKeyword('WITH')) {
    cursor.expectSpace();
    cursor.index += 1;
    parseRelTableOptions(cursor);
  }
  return 'create-rel-table';
}

/**
 * The rows are copied and in no log: an engine process that ends between commit and checkpoint leaves the table
 * without them. What is worse in the query is told first.
 */
function refuseQuery(cursor: TokenCursor, construct: string): void {
  const as = cursor.peek();
  if (!as || !cursor.acceptSpacedKeyword('AS')) return;
  parseQuery(cursor);
  throw notAllowed(construct, as);
}

// Connections come first, then properties, at last the multiplicity as a lone name. True after the first property.
function parseRelTableEntry(cursor: TokenCursor, hasProperties: boolean): boolean {
  const isConnection = cursor.isKeyword('FROM') && cursor.isName(1) && cursor.isKeyword('TO', 2);
  if (isConnection && !hasProperties) {
    parseFromTo(cursor);
    return false;
  }
  if (cursor.isName() && cursor.isSymbol(')', 1)) cursor.expectName();
  else parsePropertyDefinition(cursor);
  return true;
}

function expectNewName(cursor: TokenCursor): void {
  cursor.acceptSpacedKeywords('IF', 'NOT', 'EXISTS');
  cursor.expectSpace();
  cursor.expectNewTableName();
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
  cursor.expectKeywords('CREATE', 'SEQUENCE');
  expectNewName(cursor);
  parseSequenceOptions(cursor);
  return 'create-sequence';
}

function parseType(cursor: TokenCursor): SchemaStatementKind {
  cursor.expectKeywords('CREATE', 'TYPE');
  cursor.expectSpace();
  cursor.expectName();
  cursor.expectSpacedKeyword('AS');
  const start = cursor.index;
  parseDataType(cursor);
  refuseInNewType(cursor, start);
  return 'create-type';
}

function parseDrop(cursor: TokenCursor, kind: SchemaStatementKind): SchemaStatementKind {
  cursor.acceptSpacedKeywords('IF', 'EXISTS');
  cursor.expectSpace();
  cursor.expectName();
  return kind;
}
