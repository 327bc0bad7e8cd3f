import { toCanonical } from './canonical.ts';
import { type FinalProjection, finalProjection, toAlias } from './final-projection.ts';
import { type CypherLimits, DEFAULT_CYPHER_LIMITS } from './limits.ts';
import type { TokenRange } from './parse-projection.ts';
import type { Token } from './token.ts';

/** A column of the result as the engine names it, and the type to fetch it as, if not its own. */
export interface CastColumn {
  readonly name: string;
  readonly castTo: 'STRING' | 'INT128' | undefined;
}

/**
 * Rewrites a judged query so that some columns come back cast, under the same names and in the same order of
 * rows. `RETURN x ORDER BY x LIMIT 3` becomes `WITH x AS x ORDER BY x LIMIT 3 RETURN cast(x AS STRING) AS x`: a
 * cast inside the RETURN would sort and cut by the text. Undefined if the columns are not spelled out, do not
 * match, or have names that the language cannot spell.
 */
export function castColumns(
  tokens: readonly Token[],
  columns: readonly CastColumn[],
  limits: CypherLimits = DEFAULT_CYPHER_LIMITS,
): string | undefined {
  const branches = finalProjection(tokens, limits);
  if (branches === undefined) return undefined;
  const parts: string[] = [];
  let start = 0;
  for (const branch of branches) {
    const rewritten = rewriteBranch(tokens, branch, columns);
    if (rewritten === undefined) return undefined;
    parts.push(textOf(tokens, { start, end: branch.keyword }), rewritten);
    start = endOf(branch);
  }
  return parts.filter((part) => part !== '').join(' ');
}

function rewriteBranch(
  tokens: readonly Token[],
  branch: FinalProjection,
  columns: readonly CastColumn[],
): string | undefined {
  if (branch.columns.length !== columns.length) return undefined;
  const items: string[] = [];
  const casts: string[] = [];
  for (const [index, { expression, alias }] of branch.columns.entries()) {
    const column = columns[index];
    const inner = toAlias(alias ?? column?.name ?? '');
    const outer = toAlias(column?.name ?? '');
    if (column === undefined || inner === undefined || outer === undefined) return undefined;
    items.push(`${textOf(tokens, expression)} AS ${inner}`);
    casts.push(
      column.castTo === undefined ? `${inner} AS ${outer}` : `cast(${inner} AS ${column.castTo}) AS ${outer}`,
    );
  }
  const { isDistinct, orderBy, skip, limit } = branch;
  const clauses = [`WITH ${isDistinct ? 'DISTINCT ' : ''}${items.join(', ')}`];
  if (orderBy !== undefined) clauses.push(`ORDER BY ${textOf(tokens, orderBy)}`);
  if (skip !== undefined) clauses.push(`SKIP ${textOf(tokens, skip)}`);
  if (limit !== undefined) clauses.push(`LIMIT ${textOf(tokens, limit)}`);
  // The engine wants one of them after a WITH … ORDER BY.
  if (orderBy !== undefined && skip === undefined && limit === undefined) clauses.push('SKIP 0');
  return `${clauses.join(' ')} RETURN ${casts.join(', ')}`;
}

// Aliases end one token, and AS another, after their expression.
function endOf({ columns, orderBy, skip, limit }: FinalProjection): number {
  const last = columns.at(-1);
  const aliasTokens = last?.alias === undefined ? 0 : 2;
  return limit?.end ?? skip?.end ?? orderBy?.end ?? (last?.expression.end ?? 0) + aliasTokens;
}

function textOf(tokens: readonly Token[], range: TokenRange): string {
  return toCanonical(tokens.slice(range.start, range.end));
}
