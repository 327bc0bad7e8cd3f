import { judgeStatement, type Verdict } from '../../services/graph/domain/cypher/judge-statement.ts';

const hangMs = 1_000;

/** What the gate did with one statement. */
export type Classification =
  | { readonly verdict: 'read' | 'write' | 'ddl' }
  | { readonly verdict: 'refused'; readonly reason: string; readonly construct: string }
  /** It threw, or took longer than a second. */
  | { readonly verdict: 'broken'; readonly problem: string };

/** Judges a statement as a call that may write would. */
export function classify(statement: string, judge = judgeStatement): Classification {
  const startedMs = performance.now();
  let verdict: Verdict;
  try {
    verdict = judge(statement, 'write');
  } catch (error) {
    return { verdict: 'broken', problem: `threw ${error}` };
  }
  const tookMs = performance.now() - startedMs;
  if (tookMs > hangMs) return { verdict: 'broken', problem: `took ${Math.round(tookMs)} ms` };
  if (!verdict.ok) return { verdict: 'refused', reason: verdict.reason, construct: verdict.construct };
  if (verdict.isSchemaChange) return { verdict: 'ddl' };
  return { verdict: verdict.writes ? 'write' : 'read' };
}

/** Counts of verdicts over many statements. */
export class VerdictTable {
  readonly counts = new Map<string, number>();
  /** By construct and reason, such as `COPY (STATEMENT_NOT_ALLOWED)`. */
  readonly refusals = new Map<string, number>();
  readonly broken: string[] = [];

  add(statement: string): Classification {
    const result = classify(statement);
    increment(this.counts, result.verdict);
    if (result.verdict === 'refused') increment(this.refusals, `${result.construct} (${result.reason})`);
    if (result.verdict === 'broken') this.broken.push(`${result.problem}: ${statement.slice(0, 200)}`);
    return result;
  }
}

/** Adds one to a count. */
export function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
