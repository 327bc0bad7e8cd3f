import { CALLABLE_FUNCTIONS, CALLABLE_TABLE_FUNCTIONS, WRITING_FUNCTIONS } from './callable-functions.ts';
import type { DetachClause } from './detach-clause.ts';
import { NON_RESERVED_KEYWORDS } from './keywords.ts';
import type { CypherLimits } from './limits.ts';
import { CypherRefusal } from './refusal.ts';
import { foldedNameOf, nameOf, type Token } from './token.ts';

const CLOSING_OF: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Something in the statement that changes the graph. */
export interface Write {
  readonly construct: string;
  readonly offset: number;
}

/** A call of an aggregate function: its tokens from `start` up to, not including, `end`. */
export interface AggregateCall {
  readonly start: number;
  readonly end: number;
  readonly isDistinct: boolean;
}

/** What writes and leaves less than there was. */
const takesAway: ReadonlySet<string> = new Set(['DELETE', 'DROP TABLE']);

/** What changes rows that are there. */
const changes: ReadonlySet<string> = new Set(['DELETE', 'SET', 'MERGE']);

/** Reads tokens for the recursive-descent parser and gathers what the statement uses. */
export class TokenCursor {
  readonly tokens: readonly Token[];
  readonly limits: CypherLimits;
  /** Names of the `$parameters` seen so far. */
  readonly parameters = new Set<string>();
  /** Where a parenthesis was found not to open a path pattern; keeps backtracking linear. */
  readonly notPathPatterns = new Set<number>();
  /** Calls of aggregate functions by the index at which they start. */
  readonly aggregates = new Map<number, AggregateCall>();
  /** The first construct that writes. */
  firstWrite: Write | undefined = undefined;
  /** Whether something writes that does not only take away. */
  mayGrow = false;
  /** Whether something changes or deletes rows that are there. */
  changesRows = false;
  /** Where nodes are deleted with their relationships. */
  detach: DetachClause | undefined = undefined;
  index = 0;
  caseDepth = 0;
  private clauses = 0;
  private matched = 0;
  private readonly closingIndexes: ReadonlyMap<number, number>;

  constructor(tokens: readonly Token[], limits: CypherLimits) {
    this.tokens = tokens;
    this.limits = limits;
    this.closingIndexes = matchBrackets(tokens);
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.index + ahead];
  }

  isAtEnd(): boolean {
    return this.index >= this.tokens.length;
  }

  isKeyword(word: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.kind === 'keyword' && token.word === word;
  }

  isSymbol(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.kind === 'symbol' && token.text === text;
  }

  isSymbolOf(texts: ReadonlySet<string>, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.kind === 'symbol' && texts.has(token.text);
  }

  /** Whether the token is an oC_SymbolicName. */
  isName(ahead = 0): boolean {
    const token = this.peek(ahead);
    if (token === undefined) return false;
    if (token.kind === 'keyword') return NON_RESERVED_KEYWORDS.has(token.word);
    return token.kind === 'name' || token.kind === 'escaped-name';
  }

  /** Consumes all the keywords or none. */
  acceptKeywords(...words: string[]): boolean {
    if (!words.every((word, ahead) => this.isKeyword(word, ahead))) return false;
    this.index += words.length;
    return true;
  }

  acceptSymbol(text: string): boolean {
    if (!this.isSymbol(text)) return false;
    this.index += 1;
    return true;
  }

  /** Consumes a keyword that the grammar wants whitespace around. */
  acceptSpacedKeyword(word: string): boolean {
    if (!this.isKeyword(word)) return false;
    this.expectSpace();
    this.index += 1;
    this.expectSpace();
    return true;
  }

  /** Consumes the keywords, in whitespace each, or none. */
  acceptSpacedKeywords(...words: string[]): boolean {
    if (!words.every((word, ahead) => this.isKeyword(word, ahead))) return false;
    return words.every((word) => this.acceptSpacedKeyword(word));
  }

  expectSpacedKeyword(word: string): void {
    if (!this.acceptSpacedKeyword(word)) throw this.unexpected(word);
  }

  /** Stands where the grammar demands whitespace before the next token. */
  expectSpace(): void {
    if (this.peek()?.spaceBefore === false) throw this.unexpected('whitespace');
  }

  /** Stands where the grammar takes no whitespace before the next token. */
  expectNoSpace(): void {
    if (this.peek()?.spaceBefore === true) throw this.unexpected('no whitespace');
  }

  expectKeywords(...words: string[]): void {
    for (const word of words) if (!this.acceptKeywords(word)) throw this.unexpected(word);
  }

  expectSymbol(text: string): void {
    if (!this.acceptSymbol(text)) throw this.unexpected(text);
  }

  expectKind(kind: Token['kind']): Token {
    const token = this.peek();
    if (token?.kind !== kind) throw this.unexpected(kind);
    this.index += 1;
    return token;
  }

  expectName(): Token {
    const token = this.peek();
    if (token === undefined || !this.isName()) throw this.unexpected('a name');
    this.index += 1;
    return token;
  }

  /** Consumes the name of a table to be: the engine reads `a.b` as table b of the database a, and finds none. */
  expectNewTableName(): void {
    const token = this.expectName();
    if (nameOf(token).includes('.')) throw notAllowed('a dot in the name of a table', token);
  }

  /** The index of the bracket that closes the one at `index`. */
  closingIndexOf(index: number): number | undefined {
    return this.closingIndexes.get(index);
  }

  /** Consumes a function's name if the allow-list has it. */
  expectCallableFunction(): void {
    const token = this.expectName();
    const name = foldedNameOf(token);
    if (WRITING_FUNCTIONS.has(name)) this.noteWrite(name, token);
    else if (!CALLABLE_FUNCTIONS.has(name)) throw notAllowed(`function ${nameOf(token)}`, token);
  }

  /** Consumes a table function's name if the allow-list has it. */
  expectCallableTableFunction(): void {
    const token = this.expectName();
    if (!CALLABLE_TABLE_FUNCTIONS.has(foldedNameOf(token))) throw notAllowed(`CALL ${nameOf(token)}`, token);
  }

  noteWrite(construct: string, token: Token | undefined): void {
    this.mayGrow ||= !takesAway.has(construct);
    this.changesRows ||= changes.has(construct);
    this.firstWrite ??= { construct, offset: token?.offset ?? 0 };
  }

  countClause(): void {
    this.clauses += 1;
    if (this.clauses > this.limits.clausesMax) {
      throw this.tooComplex('clauses', `the statement has more than ${this.limits.clausesMax} clauses`);
    }
  }

  /** Starts counting matched relationships afresh: the planner takes one query part at a time. */
  startQueryPart(): void {
    this.matched = 0;
  }

  countMatched(relationships: number): void {
    this.matched += relationships;
    const max = this.limits.relationshipsMax;
    if (this.matched > max) {
      throw this.tooComplex(
        'MATCH',
        `more than ${max} relationships are matched without a WITH between them`,
      );
    }
  }

  /** Returns the height unless it is beyond what the engine's stack was seen to bear. */
  boundHeight(height: number): number {
    if (height <= this.limits.expressionHeightMax) return height;
    const max = this.limits.expressionHeightMax;
    throw this.tooComplex('expression', `an expression chains or nests more than ${max} operations`);
  }

  tooComplex(construct: string, message: string): CypherRefusal {
    return new CypherRefusal('STATEMENT_TOO_COMPLEX', construct, this.offset(), message);
  }

  unexpected(expected: string): CypherRefusal {
    const token = this.peek();
    const found = token?.text ?? 'end of statement';
    const shown = found.length > 40 ? `${found.slice(0, 40)}…` : found;
    const construct = token?.kind === 'keyword' ? token.word : shown;
    return new CypherRefusal(
      'STATEMENT_SYNTAX',
      construct,
      this.offset(),
      `expected ${expected}, found ${shown}`,
    );
  }

  offset(): number {
    const last = this.tokens.at(-1);
    return this.peek()?.offset ?? (last === undefined ? 0 : last.offset + last.text.length);
  }
}

/** The refusal of a construct outside the allow-list. */
export function notAllowed(construct: string, at: Token): CypherRefusal {
  return new CypherRefusal('STATEMENT_NOT_ALLOWED', construct, at.offset, `${construct} is not allowed`);
}

function matchBrackets(tokens: readonly Token[]): Map<number, number> {
  const closingIndexes = new Map<number, number>();
  const open: { index: number; closing: string }[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'symbol') continue;
    const closing = CLOSING_OF[token.text];
    if (closing !== undefined) open.push({ index, closing });
    else if (open.at(-1)?.closing === token.text) closingIndexes.set(open.pop()?.index ?? -1, index);
  }
  return closingIndexes;
}
