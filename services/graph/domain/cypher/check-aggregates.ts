import type { ProjectionItem, TokenRange } from './parse-projection.ts';
import { type AggregateCall, notAllowed, type TokenCursor } from './token-cursor.ts';

/**
 * Refuses what the engine computes wrongly: where rows are grouped, an aggregate after one of DISTINCT values is
 * NULL or 0, and `collect` ends the process (tried on 0.11.3). The other way round all is well.
 */
export function checkAggregates(
  cursor: TokenCursor,
  items: readonly Pick<ProjectionItem, 'expression'>[],
  hasStar: boolean,
): void {
  const within = items.map(({ expression }) => aggregatesIn(cursor, expression));
  const calls = within.flat();
  const distinct = calls.find(({ isDistinct }) => isDistinct);
  const wrong = calls.find(({ start, isDistinct }) => distinct && !isDistinct && start > distinct.start);
  if (!wrong) return;
  const isGrouped =
    hasStar || items.some(({ expression }, index) => isGroup(cursor, expression, within[index] ?? []));
  const at = cursor.tokens[wrong.start];
  if (isGrouped && at) throw notAllowed('an aggregate after one of DISTINCT values, in groups,', at);
}

/** Whether an aggregate function is called within an expression. */
export function hasAggregate(cursor: TokenCursor, expression: TokenRange): boolean {
  return aggregatesIn(cursor, expression).length > 0;
}

function aggregatesIn(cursor: TokenCursor, { start, end }: TokenRange): AggregateCall[] {
  const calls: AggregateCall[] = [];
  for (let index = start; index < end; index += 1) {
    const call = cursor.aggregates.get(index);
    if (call) calls.push(call);
  }
  return calls;
}

// An item of aggregates and literals alone does not group.
function isGroup(cursor: TokenCursor, { start, end }: TokenRange, calls: readonly AggregateCall[]): boolean {
  if (calls.length === 0) return true;
  for (let index = start; index < end; index += 1) {
    const call = calls.find((candidate) => candidate.start === index);
    if (call) index = call.end - 1;
    else if (/^(?:name|escaped-name)$/.test(cursor.tokens[index]?.kind ?? '')) return true;
  }
  return false;
}
