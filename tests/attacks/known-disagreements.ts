import type { Verdict } from '../../services/graph/domain/cypher/judge-statement.ts';

/** What gate and engine do not agree on, by rules that say why it is so and meant to be. */
const rules: readonly {
  readonly reason: string;
  readonly applies: (what: string, verdict: Verdict, statement: string) => boolean;
}[] = [
  {
    reason: 'NUL is refused wherever it stands: C strings end there',
    applies: (_what, verdict) => !verdict.ok && verdict.construct === 'NUL',
  },
  {
    reason: 'half a surrogate pair is refused wherever it stands: the binding replaces it',
    applies: (_what, verdict) => !verdict.ok && verdict.construct === 'lone surrogate',
  },
  {
    reason: "the engine's reader drops a byte order mark at the start",
    applies: (_what, verdict, statement) =>
      !verdict.ok && statement.startsWith('\ufeff') && verdict.offset === 0,
  },
  {
    reason: "the engine keeps the backticks in a parameter's name, which no caller can mean",
    applies: (_what, verdict) =>
      !verdict.ok && verdict.message.startsWith('expected a parameter name, found `'),
  },
  {
    reason: '`| {` begins the projections of a recursive relationship; no struct is an operand of |',
    applies: (_what, verdict, statement) =>
      !verdict.ok && / found \|$/.test(verdict.message) && statement.indexOf('{', verdict.offset) !== -1,
  },
  {
    reason: 'options after the query of CREATE REL TABLE … AS are read as its WITH',
    applies: (_what, verdict, statement) =>
      !verdict.ok &&
      /^\s*CREATE\b.*\bAS\b.*\bWITH\b/is.test(statement) &&
      verdict.message.startsWith('expected a clause'),
  },
  {
    reason: 'connections of a node table: refused when the statement runs, for the gate knows no schema',
    applies: (what, verdict) =>
      /ends the process/.test(what) && verdict.ok && verdict.alteredConnectionOf !== undefined,
  },
];

/** Why gate and engine differ on a statement, where that is known and meant. */
export function explain(what: string, verdict: Verdict, statement: string): string | undefined {
  return rules.find(({ applies }) => applies(what, verdict, statement))?.reason;
}
