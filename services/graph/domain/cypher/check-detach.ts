import { LEFT_ARROW_HEADS, PATTERN_DASHES } from './characters.ts';
import type { DetachClause } from './detach-clause.ts';
import type { Projection } from './parse-projection.ts';
import { foldedNameOf, type Token } from './token.ts';
import { notAllowed, type TokenCursor } from './token-cursor.ts';

/** Each is two columns of a result. */
const nodesMax = 64;

/** Functions that may answer otherwise when they are called again; the order of a collected list is not said. */
const unrepeatable: ReadonlySet<string> = new Set([
  ...['COLLECT', 'CURRENT_DATE', 'CURRENT_TIMESTAMP', 'GEN_RANDOM_UUID'],
]);

/**
 * The engine's DETACH DELETE leaves relationships behind and cannot be replayed (tried on 0.11.3). So the nodes are
 * named first, by the clauses before it, and deleted then; rows that it returns are read before. Refuses the statements
 * for which this is not the same.
 */
export function checkDetach(cursor: TokenCursor, branches: readonly (Projection | undefined)[]): void {
  const { tokens, detach, firstWrite } = cursor;
  const at = detach && tokens[detach.start];
  if (!detach || !at) return;
  if (detach.nodes.length > nodesMax) {
    throw cursor.tooComplex('DETACH DELETE', `DETACH DELETE of more than ${nodesMax} expressions`);
  }
  if (branches.length > 1) throw notAllowed('DETACH DELETE in a UNION', at);
  const [projection] = branches;
  if (detach.end !== (projection?.keyword ?? endOf(tokens))) {
    throw notAllowed('DETACH DELETE before a clause other than RETURN', at);
  }
  if (!projection) return;
  if (firstWrite?.offset !== at.offset) throw notAllowed('RETURN after DETACH DELETE and other writes', at);
  if (holdsSubquery(tokens.slice(detach.end))) throw notAllowed('a subquery after DETACH DELETE', at);
  if (chooses(tokens.slice(0, detach.start)) && !returnsCount(tokens.slice(detach.end))) {
    const construct =
      'RETURN of more than count(*) after DETACH DELETE of what LIMIT, SKIP or a function chose';
    throw notAllowed(construct, at);
  }
}

/** Notes a clause; one that follows another at once is the same. */
export function joinDetach(before: DetachClause | undefined, clause: DetachClause, at: Token): DetachClause {
  if (!before) return clause;
  if (before.end !== clause.start) throw notAllowed('DETACH DELETE before a clause other than RETURN', at);
  return { start: before.start, end: clause.end, nodes: [...before.nodes, ...clause.nodes] };
}

function endOf(tokens: readonly Token[]): number {
  return tokens.at(-1)?.text === ';' ? tokens.length - 1 : tokens.length;
}

/** Whether clauses may give other rows when they are run again on the same graph. */
function chooses(tokens: readonly Token[]): boolean {
  return tokens.some((token, index) => {
    const next = tokens[index + 1]?.text;
    if (token.kind === 'keyword' && (token.word === 'LIMIT' || token.word === 'SKIP')) {
      return next !== ':' && tokens[index - 1]?.text !== '.';
    }
    return next === '(' && unrepeatable.has(foldedNameOf(token));
  });
}

function returnsCount(tokens: readonly Token[]): boolean {
  const [, count, ...rest] = tokens.map(({ word }) => word);
  const isCount = count?.toUpperCase() === 'COUNT' && rest.slice(0, 3).join('') === '(*)';
  const isAlone = rest.length === 3 || rest[3] === ';' || (rest[3] === 'AS' && rest.length <= 6);
  return isCount && isAlone;
}

function holdsSubquery(tokens: readonly Token[]): boolean {
  return tokens.some(({ word, text }, index) => {
    const [next, afterNext] = [tokens[index + 1]?.text ?? '', tokens[index + 2]?.text ?? ''];
    if (word === 'EXISTS' || word === 'COUNT') return next === '{';
    const isStep = PATTERN_DASHES.has(next) && (afterNext === '[' || PATTERN_DASHES.has(afterNext));
    return text === ')' && (isStep || (LEFT_ARROW_HEADS.has(next) && PATTERN_DASHES.has(afterNext)));
  });
}
