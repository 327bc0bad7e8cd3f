import { toAlias } from '../cypher/alias.ts';
import { toCanonical } from '../cypher/canonical.ts';
import type { Projection, TokenRange } from '../cypher/parse-projection.ts';
import { nameOf, type Token } from '../cypher/token.ts';
import { toStringLiteral } from './string-literal.ts';

/** A column of the rewritten statement. */
export interface ExactColumn {
  /** The name in the result of the statement as it was. */
  readonly name: string;
  /** Makes the expression to fetch from the name that holds the column's value. */
  readonly expression: (name: string) => string;
  /** Whether nodes, relationships or paths are in it. */
  readonly holdsGraph: boolean;
}

/**
 * Rewrites a judged query so that each column comes back as another expression of its value, named `c0`, `c1`, …
 * `RETURN x ORDER BY y LIMIT 3` becomes `WITH x AS c0 ORDER BY y LIMIT 3 RETURN f(c0) AS c0`: rows, their order,
 * DISTINCT and grouping stay those of the statement. Undefined where a branch returns nothing or `x.*`.
 */
export function rewriteProjections(
  tokens: readonly Token[],
  branches: readonly (Projection | undefined)[],
  columns: readonly ExactColumn[],
): string | undefined {
  const parts: string[] = [];
  let start = 0;
  for (const branch of branches) {
    const rewritten = branch && rewriteBranch(tokens, branch, columns);
    if (!branch || !rewritten) return undefined;
    parts.push(textOf(tokens, { start, end: branch.keyword }), rewritten);
    start = endOf(tokens, branch);
  }
  parts.push(textOf(tokens, { start, end: tokens.length }));
  return parts.filter((part) => part !== '').join(' ');
}

function rewriteBranch(
  tokens: readonly Token[],
  branch: Projection,
  columns: readonly ExactColumn[],
): string | undefined {
  const held = holdColumns(tokens, branch, columns);
  if (!held) return undefined;
  const items = branch.hasStar ? ['*', ...held.items] : held.items;
  const clauses = [`WITH ${branch.isDistinct ? 'DISTINCT ' : ''}${items.join(', ')}`];
  if (branch.orderBy) clauses.push(`ORDER BY ${sortText(tokens, branch.orderBy, branch, held)}`);
  if (branch.skip) clauses.push(`SKIP ${textOf(tokens, branch.skip)}`);
  if (branch.limit) clauses.push(`LIMIT ${textOf(tokens, branch.limit)}`);
  // The engine wants one of them after a WITH … ORDER BY.
  if (branch.orderBy && !branch.skip && !branch.limit) clauses.push('SKIP 0');
  const fetched = columns.map(
    ({ expression }, index) => `${expression(held.names[index] ?? '')} AS c${index}`,
  );
  if (!branch.isDistinct) return `${clauses.join(' ')} RETURN ${fetched.join(', ')}`;
  // The engine does not apply a WITH DISTINCT to columns that are all constant (tried on 0.11.3). Where the order is
  // not at stake, saying it again makes up for that: different values have different exact forms.
  const isCut = branch.orderBy !== undefined || branch.skip !== undefined || branch.limit !== undefined;
  if (isCut && !branch.hasStar && branch.items.every((item) => isConstant(tokens, item.expression)))
    return undefined;
  const isRepeated = !isCut && !columns.some((column) => column.holdsGraph);
  return `${clauses.join(' ')} RETURN ${isRepeated ? 'DISTINCT ' : ''}${fetched.join(', ')}`;
}

/** True where no variable stands in the expression: names are functions only. */
function isConstant(tokens: readonly Token[], { start, end }: TokenRange): boolean {
  return tokens
    .slice(start, end)
    .every(({ kind }, index) => !kind.endsWith('name') || tokens[start + index + 1]?.text === '(');
}

/** The items of the WITH, and the name by which each column is known after it. */
function holdColumns(
  tokens: readonly Token[],
  { hasStar, items }: Projection,
  columns: readonly ExactColumn[],
): { readonly items: string[]; readonly names: string[] } | undefined {
  const expansions = items.filter((item) => isExpansion(tokens, item.expression)).length;
  const spare = columns.length - (items.length - expansions);
  if (hasStar ? expansions > 0 || spare < 0 : expansions === 0 && spare !== 0) return undefined;
  const names: (string | undefined)[] = [];
  const written: string[] = [];
  let hasExpanded = false;
  if (hasStar) names.push(...columns.slice(0, spare).map(({ name }) => toAlias(name)));
  for (const { expression, alias } of items) {
    if (isExpansion(tokens, expression)) {
      hasExpanded = true;
      const variable = variableOf(tokens, { start: expression.start, end: expression.end - 2 });
      // Only the engine knows how many columns a star stands for; their names say whose they are.
      for (let left = expansions === 1 ? spare : Infinity; left > 0; left -= 1) {
        const property = variable && propertyOf(columns[names.length]?.name, variable);
        if (!property && expansions > 1) break;
        if (!property) return undefined;
        const held = `trellis_c${names.length}`;
        written.push(`${property} AS ${held}`);
        names.push(held);
      }
      continue;
    }
    // After one of several stars only the name says that this is still the item's own column.
    if (hasExpanded && expansions > 1 && alias !== columns[names.length]?.name) return undefined;
    const name = toAlias(alias ?? variableOf(tokens, expression) ?? `trellis_c${names.length}`);
    written.push(`${textOf(tokens, expression)} AS ${name}`);
    names.push(name);
  }
  if (names.length !== columns.length) return undefined;
  return names.every((name) => name !== undefined) ? { items: written, names } : undefined;
}

/** The property of a variable that a column of `variable.*` is named after. */
function propertyOf(column: string | undefined, variable: string): string | undefined {
  if (column?.startsWith(`${variable}.`)) {
    const property = toAlias(column.slice(variable.length + 1));
    return property && `${toAlias(variable)}.${property}`;
  }
  const prefix = `STRUCT_EXTRACT(${variable},`;
  if (!column?.startsWith(prefix) || !column.endsWith(')')) return undefined;
  return `struct_extract(${toAlias(variable)}, ${toStringLiteral(column.slice(prefix.length, -1))})`;
}

/**
 * The sort keys, in which an item's own expression is said by its new name: after DISTINCT and grouping the variables
 * within it are out of reach, and the engine cannot sort by an aggregate that is part of a key.
 */
function sortText(
  tokens: readonly Token[],
  range: TokenRange,
  { hasStar, items }: Projection,
  { names }: { readonly names: readonly string[] },
): string {
  const named =
    hasStar || names.length !== items.length
      ? []
      : items.map(({ expression }, index) => ({ expression, name: names[index] ?? '' }));
  return sortKeys(tokens, range)
    .map(({ start, end }) => {
      const direction = directions.has(tokens[end - 1]?.word ?? '') ? 1 : 0;
      const key = { start, end: end - direction };
      const name = named.find(({ expression }) => saysTheSame(tokens, expression, key))?.name;
      const text = name ?? textOf(nameCalls(tokens, key, named), { start: 0, end: Infinity });
      return direction ? `${text} ${tokens[end - 1]?.text}` : text;
    })
    .join(', ');
}

/** The tokens of a sort key with the names of items in place of the calls that they are. */
function nameCalls(
  tokens: readonly Token[],
  { start, end }: TokenRange,
  named: readonly { readonly expression: TokenRange; readonly name: string }[],
): Token[] {
  const calls = named.filter(({ expression }) => isCall(tokens, expression));
  const written: Token[] = [];
  for (let at = start; at < end; ) {
    const call = calls.find(({ expression }) => {
      const length = expression.end - expression.start;
      return at + length <= end && saysTheSame(tokens, expression, { start: at, end: at + length });
    });
    const token = tokens[at];
    if (token) written.push(call ? { ...token, text: call.name } : token);
    at += call ? call.expression.end - call.expression.start : 1;
  }
  return written;
}

/** One call and nothing around it: `count(*)`, and not `count(*) + 1`. */
function isCall(tokens: readonly Token[], { start, end }: TokenRange): boolean {
  if (tokens[start + 1]?.text !== '(') return false;
  let depth = 0;
  for (let at = start + 1; at < end; at += 1) {
    const { kind, text } = tokens[at] ?? { kind: 'symbol', text: '' };
    if (kind !== 'symbol') continue;
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    if (depth === 0) return at === end - 1;
  }
  return false;
}

function saysTheSame(tokens: readonly Token[], a: TokenRange, b: TokenRange): boolean {
  return textOf(tokens, a).trim() === textOf(tokens, b).trim();
}

const directions: ReadonlySet<string> = new Set(['ASC', 'ASCENDING', 'DESC', 'DESCENDING']);

/** The ranges of the sort keys, with their directions. */
function sortKeys(tokens: readonly Token[], { start, end }: TokenRange): TokenRange[] {
  const keys: TokenRange[] = [];
  let depth = 0;
  let from = start;
  for (let at = start; at < end; at += 1) {
    const { kind, text } = tokens[at] ?? { kind: 'symbol', text: '' };
    if (kind !== 'symbol') continue;
    if ('([{'.includes(text)) depth += 1;
    if (')]}'.includes(text)) depth -= 1;
    if (text !== ',' || depth > 0) continue;
    keys.push({ start: from, end: at });
    from = at + 1;
  }
  return [...keys, { start: from, end }];
}

/** A plain variable keeps its name, because ORDER BY may say it. */
function variableOf(tokens: readonly Token[], { start, end }: TokenRange): string | undefined {
  const token = tokens[start];
  if (end - start !== 1 || !token) return undefined;
  return token.kind === 'name' || token.kind === 'escaped-name' ? nameOf(token) : undefined;
}

function isExpansion(tokens: readonly Token[], { end }: TokenRange): boolean {
  return tokens[end - 1]?.text === '*' && tokens[end - 2]?.text === '.';
}

function endOf(tokens: readonly Token[], { keyword, isDistinct, items, ...rest }: Projection): number {
  const last = items.at(-1);
  // AS and the alias are two tokens; without items there is only the star.
  const itemsEnd = last
    ? last.expression.end + (last.alias === undefined ? 0 : 2)
    : keyword + (isDistinct ? 3 : 2);
  return Math.min(tokens.length, rest.limit?.end ?? rest.skip?.end ?? rest.orderBy?.end ?? itemsEnd);
}

function textOf(tokens: readonly Token[], { start, end }: TokenRange): string {
  return toCanonical(tokens.slice(start, end));
}
