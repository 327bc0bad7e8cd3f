import {
  COMMENT,
  DIGITS,
  DOUBLE,
  ESCAPED_NAME,
  STRING_LITERAL,
  SYMBOLS,
  UNESCAPED_NAME,
  WHITESPACE_CHARACTERS,
} from './characters.ts';
import { NON_RESERVED_KEYWORDS, RESERVED_KEYWORDS, upperAscii } from './keywords.ts';
import { type CypherLimits, DEFAULT_CYPHER_LIMITS } from './limits.ts';
import { CypherRefusal } from './refusal.ts';
import type { Token, TokenKind } from './token.ts';

const OPENING = '([{';
const CLOSING = ')]}';

/**
 * Splits a statement by the engine's lexical rules (Kuzu 0.11.3, Cypher.g4), without whitespace and comments.
 * Throws {@link CypherRefusal} where the engine's lexer yields a token that its parser can never use.
 */
export function tokenize(statement: string, limits: CypherLimits = DEFAULT_CYPHER_LIMITS): Token[] {
  if (statement.length > limits.statementCharsMax) {
    const message = `the statement has ${statement.length} characters, the limit is ${limits.statementCharsMax}`;
    throw new CypherRefusal('STATEMENT_TOO_LONG', 'length', limits.statementCharsMax, message);
  }
  refuseBrokenText(statement);
  const tokens: Token[] = [];
  const open: string[] = [];
  let offset = 0;
  while (offset < statement.length) {
    const start = skipBlanks(statement, offset);
    if (start === statement.length) break;
    const token = readToken(statement, start, start > offset);
    trackBrackets(token, open, limits);
    tokens.push(token);
    offset = start + token.text.length;
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) {
    throw syntax(unclosed, statement.length, `${unclosed} is never closed`);
  }
  return tokens;
}

// The binding turns lone surrogates into U+FFFD and C strings end at NUL: what was judged would not be what runs.
function refuseBrokenText(statement: string): void {
  const nul = statement.indexOf('\0');
  if (nul !== -1) throw syntax('NUL', nul, 'the statement contains a NUL character');
  if (!statement.isWellFormed()) {
    const offset = statement.search(/\p{Surrogate}/u);
    throw syntax('lone surrogate', offset, 'the statement is not well-formed Unicode');
  }
}

function skipBlanks(statement: string, offset: number): number {
  let at = offset;
  while (at < statement.length) {
    if (WHITESPACE_CHARACTERS.has(statement.charAt(at))) {
      at += 1;
      continue;
    }
    const comment = matchAt(COMMENT, statement, at);
    if (comment === undefined) break;
    at += comment.length;
  }
  return at;
}

function readToken(statement: string, offset: number, spaceBefore: boolean): Token {
  const make = (kind: TokenKind, text: string, word = text): Token => ({
    kind,
    text,
    word,
    offset,
    spaceBefore,
  });
  const name = matchAt(UNESCAPED_NAME, statement, offset);
  if (name !== undefined) {
    const word = upperAscii(name);
    const isKeyword = RESERVED_KEYWORDS.has(word) || NON_RESERVED_KEYWORDS.has(word);
    return isKeyword ? make('keyword', name, word) : make('name', name);
  }
  const number = readNumber(statement, offset);
  if (number !== undefined) return make(/^\d+$/.test(number) ? 'integer' : 'double', number);
  const string = matchAt(STRING_LITERAL, statement, offset);
  if (string !== undefined) return make('string', string);
  const escaped = matchAt(ESCAPED_NAME, statement, offset);
  if (escaped === '``') throw syntax('``', offset, 'a name cannot be empty');
  if (escaped !== undefined) return make('escaped-name', escaped);
  if (statement.startsWith('/*', offset) || statement.startsWith('//', offset)) {
    throw syntax('comment', offset, 'the comment is never closed');
  }
  const symbol = SYMBOLS.find((candidate) => statement.startsWith(candidate, offset));
  if (symbol !== undefined) return make('symbol', symbol);
  throw unknownCharacter(statement, offset);
}

// To the engine's lexer `007` is three integers, which no sentence holds side by side. Reading them one by one would
// look to the end of the digits for each.
function readNumber(statement: string, offset: number): string | undefined {
  const double = matchAt(DOUBLE, statement, offset);
  if (double !== undefined) return double;
  const digits = matchAt(DIGITS, statement, offset);
  if (digits !== undefined && digits.length > 1 && digits.startsWith('0')) {
    throw syntax('number', offset, 'an integer does not begin with 0');
  }
  return digits;
}

function trackBrackets(token: Token, open: string[], limits: CypherLimits): void {
  if (token.kind !== 'symbol') return;
  if (OPENING.includes(token.text)) {
    open.push(token.text);
    if (open.length > limits.nestingDepthMax) {
      const message = `brackets are nested deeper than ${limits.nestingDepthMax}`;
      throw new CypherRefusal('STATEMENT_TOO_COMPLEX', 'nesting', token.offset, message);
    }
    return;
  }
  const closes = CLOSING.indexOf(token.text);
  if (closes !== -1 && open.pop() !== OPENING.charAt(closes)) {
    throw syntax(token.text, token.offset, `${token.text} closes nothing`);
  }
}

function matchAt(pattern: RegExp, text: string, offset: number): string | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0];
}

function unknownCharacter(statement: string, offset: number): CypherRefusal {
  const character = String.fromCodePoint(statement.codePointAt(offset) ?? 0);
  if (character === '"' || character === "'") {
    return syntax('string', offset, 'the string is never closed or holds an unknown escape');
  }
  if (character === '`') return syntax('name', offset, 'the backticked name is never closed');
  const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return syntax(`U+${code}`, offset, `character U+${code} is not part of the language`);
}

function syntax(construct: string, offset: number, message: string): CypherRefusal {
  return new CypherRefusal('STATEMENT_SYNTAX', construct, offset, message);
}
