import { toCanonical } from './canonical.ts';
import type { TokenRange } from './parse-projection.ts';
import type { Token } from './token.ts';

/** DETACH DELETE, or several in a row. */
export interface DetachClause extends TokenRange {
  /** The expressions that say which nodes to delete. */
  readonly nodes: readonly TokenRange[];
}

/** The columns of a statement that names nodes: the label, and the node's place in its table; NULL for no node. */
export function nodeColumns(index: number): { readonly label: string; readonly offset: string } {
  return { label: `trellis_l${index}`, offset: `trellis_o${index}` };
}

/** The statement up to the clause, which names each combination of nodes that the clause deletes, and no more. */
export function namingNodes(
  tokens: readonly Token[],
  { start, nodes }: DetachClause,
  rowsMax: number,
): string {
  const columns = nodes.map((range, index) => {
    const node = toCanonical(tokens.slice(range.start, range.end));
    const { label, offset } = nodeColumns(index);
    return `label(${node}) AS ${label}, offset(id(${node})) AS ${offset}`;
  });
  return `${toCanonical(tokens.slice(0, start))} RETURN DISTINCT ${columns.join(', ')} LIMIT ${rowsMax}`;
}

/** The same tokens at the same places, those of the clause empty. */
export function withoutDetach(tokens: readonly Token[], { start, end }: DetachClause): readonly Token[] {
  return tokens.map((token, index) => (index >= start && index < end ? { ...token, text: '' } : token));
}
