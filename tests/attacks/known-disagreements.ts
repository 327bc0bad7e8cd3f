import type { Verdict } from '../../services/graph/domain/cypher/judge-statement.ts';
import type { Disagreement } from './fuzz-gate.ts';

/** Why gate and engine differ on a statement, where that is known and meant. */
export function explain(_disagreement: Disagreement, _verdict: Verdict): string | undefined {
  return undefined;
}
