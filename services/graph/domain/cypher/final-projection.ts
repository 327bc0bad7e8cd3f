import { type CypherLimits, DEFAULT_CYPHER_LIMITS } from './limits.ts';
import type { Projection, ProjectionItem } from './parse-projection.ts';
import { parseStatement } from './parse-statement.ts';
import { nameOf, type Token } from './token.ts';
import { tokenize } from './tokenize.ts';

/** One column of a final RETURN. */
export interface ResultColumn extends ProjectionItem {
  /** The alias, or the name that the engine is expected to give. */
  readonly name: string;
  /**
   * Whether `name` is surely the engine's. It is for aliases and plain variables. The engine names `a.id` so if
   * `a` is a node or relationship, and anything else after its own bound and folded form (`count(*)` is
   * `COUNT_STAR()`, `1 + 2` is `+(1,2)`): ask the engine for those.
   */
  readonly isNameCertain: boolean;
}

/** A final RETURN whose columns are all spelled out. Ranges index the judged statement's tokens. */
export interface FinalProjection extends Omit<Projection, 'items' | 'hasStar'> {
  readonly columns: readonly ResultColumn[];
}

/**
 * The final RETURN of each UNION branch of a judged query (the first branch names the columns). Undefined if a
 * branch returns nothing, or returns `*` or `x.*`, whose columns only the engine knows.
 */
export function finalProjection(
  tokens: readonly Token[],
  limits: CypherLimits = DEFAULT_CYPHER_LIMITS,
): readonly FinalProjection[] | undefined {
  const { branches } = parseStatement(tokens, limits);
  const projections: FinalProjection[] = [];
  for (const branch of branches) {
    if (branch === undefined || branch.hasStar) return undefined;
    if (
      branch.items.some((item) => tokens[item.expression.end - 1]?.text === '*' && isExpansion(item, tokens))
    ) {
      return undefined;
    }
    const { items, hasStar: _, ...rest } = branch;
    projections.push({ ...rest, columns: items.map((item) => toColumn(item, tokens)) });
  }
  return projections.length === 0 ? undefined : projections;
}

/** Writes a column name as a backticked alias; undefined if the language cannot spell it. */
export function toAlias(name: string): string | undefined {
  const alias = `\`${name}\``;
  const isSpelled =
    name !== '' && name.isWellFormed() && !name.includes('\0') && /^(?:`[^`]*`)+$/.test(alias);
  return isSpelled && tokenize(alias).length === 1 ? alias : undefined;
}

function isExpansion(item: ProjectionItem, tokens: readonly Token[]): boolean {
  const { end } = item.expression;
  return tokens[end - 1]?.text === '*' && tokens[end - 2]?.text === '.';
}

function toColumn(item: ProjectionItem, tokens: readonly Token[]): ResultColumn {
  const expression = tokens.slice(item.expression.start, item.expression.end);
  const [first] = expression;
  const isVariable = expression.length === 1 && first !== undefined && isNameToken(first);
  const text = expression.map((token) => (isNameToken(token) ? nameOf(token) : token.text)).join('');
  return { ...item, name: item.alias ?? text, isNameCertain: item.alias !== undefined || isVariable };
}

function isNameToken(token: Token): boolean {
  const isLiteral = ['TRUE', 'FALSE', 'NULL'].includes(token.word);
  return token.kind === 'name' || token.kind === 'escaped-name' || (token.kind === 'keyword' && !isLiteral);
}
