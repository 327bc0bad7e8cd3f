import { LRUCache } from 'lru-cache';
import type { Value } from '../../../gen/trellis/graph/v1/value_pb.js';
import { toCanonical } from '../domain/cypher/canonical.ts';
import { namingNodes, withoutDetach } from '../domain/cypher/detach-clause.ts';
import {
  type AcceptedStatement,
  judgeStatement,
  type StatementMode,
} from '../domain/cypher/judge-statement.ts';
import { type CypherLimits, DEFAULT_CYPHER_LIMITS } from '../domain/cypher/limits.ts';
import type { Projection } from '../domain/cypher/parse-projection.ts';
import { parseStatement } from '../domain/cypher/parse-statement.ts';
import { nameOf, type Token } from '../domain/cypher/token.ts';
import {
  type BoundStatement,
  bindParameters,
  checkParameters,
  writeParameters,
} from '../domain/values/bind-parameters.ts';
import { rewriteProjections } from '../domain/values/exact-statement.ts';
import type { GraphTables } from '../domain/values/graph-tables.ts';
import { hasPreparablePlaces } from '../domain/values/parameter-places.ts';
import { typeOfValue } from '../domain/values/parameter-type.ts';
import type { EngineParameter } from '../domain/values/text-form.ts';
import { unfoldRanges, unwoundRanges } from '../domain/values/unfold-ranges.ts';
import { detachedMax } from './detach-nodes.ts';
import { type ExactPlan, exactForms, ValueNotExact } from './exact-result.ts';
import { StatementRefused } from './statement-refused.ts';

/** Names the nodes to delete, in `expressions` pairs of columns. */
export interface NamingStatement extends Pick<PreparedCall, 'text' | 'values'> {
  readonly expressions: number;
}

/** A judged statement with its values, ready to run. */
export interface PreparedCall {
  readonly text: string;
  /** The values to bind; undefined where they stand in the text. */
  readonly values: Readonly<Record<string, EngineParameter>> | undefined;
  readonly verdict: AcceptedStatement;
  /** What names the nodes that the statement detaches and deletes; its own text only reads them then. */
  readonly naming: NamingStatement | undefined;
  /** The same with its values in the text, where they are not yet. */
  readonly written: (() => PreparedCall) | undefined;
  /** The same for calls whose results have the same columns. */
  key(): string;
  /** The names to answer with for columns that the engine named. */
  names(engineNames: readonly string[]): string[];
  /** The text that fetches a plan's columns in their exact forms. Throws ValueNotExact. */
  exactText(plan: ExactPlan, tables: GraphTables): string;
}

interface Judged {
  readonly verdict: AcceptedStatement;
  readonly branches: readonly (Projection | undefined)[];
  readonly isPreparable: boolean;
  readonly unwoundRanges: readonly number[];
}

const judgedMax = 1_000;

/** Judges statements and gives them their values. Remembers what it judged. */
export class StatementPreparer {
  readonly #limits: CypherLimits;
  readonly #judged = new LRUCache<string, Judged>({ max: judgedMax });

  constructor(statementCharactersMax: number) {
    this.#limits = { ...DEFAULT_CYPHER_LIMITS, statementCharsMax: statementCharactersMax };
  }

  /** Throws StatementRefused or ParameterInvalid. */
  prepare(statement: string, mode: StatementMode, parameters: Readonly<Record<string, Value>>): PreparedCall {
    const judged = this.#judge(statement, mode);
    const { verdict, isPreparable } = judged;
    const given = checkParameters(verdict.parameters, parameters);
    return toCall(judged, given, bindParameters(verdict.tokens, given, isPreparable));
  }

  #judge(statement: string, mode: StatementMode): Judged {
    const key = `${mode} ${statement}`;
    const known = this.#judged.get(key);
    if (known) return known;
    const verdict = judgeStatement(statement, mode, this.#limits);
    if (!verdict.ok) throw new StatementRefused(verdict, this.#limits.statementCharsMax);
    const { branches } = parseStatement(verdict.tokens, this.#limits);
    const judged = {
      verdict,
      branches,
      isPreparable: hasPreparablePlaces(verdict.tokens),
      unwoundRanges: unwoundRanges(verdict.tokens),
    };
    this.#judged.set(key, judged);
    return judged;
  }
}

function toCall(judged: Judged, given: ReadonlyMap<string, Value>, bound: BoundStatement): PreparedCall {
  const { verdict, branches } = judged;
  const { values, rewritten } = bound;
  const { detach } = verdict;
  const tokens = unfoldRanges(bound.tokens, judged.unwoundRanges);
  const isBound = values !== undefined && Object.keys(values).length > 0;
  const read = (all: readonly Token[]) => (detach ? withoutDetach(all, detach) : all);
  return {
    text: tokens !== verdict.tokens || detach ? toCanonical(read(tokens)) : verdict.canonical,
    values: detach ? valuesIn(read(verdict.tokens), values) : values,
    naming: detach && {
      text: namingNodes(tokens, detach, detachedMax + 1),
      values: valuesIn(verdict.tokens.slice(0, detach.end), values),
      expressions: detach.nodes.length,
    },
    verdict,
    written: isBound ? () => toCall(judged, given, writeParameters(verdict.tokens, given)) : undefined,
    key: () => `${typesOf(given)} ${verdict.canonical}`,
    names: (engineNames) => restoreNames(engineNames, verdict.tokens, branches[0], rewritten),
    exactText: (plan, tables) => {
      // Never prepared: the forms are made of functions that do not survive parameters without type.
      const written = unfoldRanges(writeParameters(verdict.tokens, given).tokens, judged.unwoundRanges);
      const exact = rewriteProjections(read(written), branches, exactForms(plan, tables));
      if (exact) return exact;
      const [column] = plan.columns;
      throw new ValueNotExact(column?.name ?? '', column?.type ?? '');
    },
  };
}

/** The values of the parameters that stand in a part of the statement: the engine takes no others. */
function valuesIn(tokens: readonly Token[], values: BoundStatement['values']): BoundStatement['values'] {
  const names = new Set(
    tokens.flatMap(({ text }, index) => {
      const next = tokens[index + 1];
      return text === '$' && next ? [nameOf(next)] : [];
    }),
  );
  return values && Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)));
}

function typesOf(parameters: ReadonlyMap<string, Value>): string {
  return [...parameters].map(([name, value]) => `${name}:${JSON.stringify(typeOfValue(value))}`).join(',');
}

/** A column without alias is named after its expression; the caller shall see his own, not the rewritten one. */
function restoreNames(
  engineNames: readonly string[],
  tokens: readonly Token[],
  branch: Projection | undefined,
  rewritten: ReadonlySet<string>,
): string[] {
  if (rewritten.size === 0) return [...engineNames];
  const offset = engineNames.length - (branch?.items.length ?? 0);
  return engineNames.map((name, index) => {
    const item = branch?.items[index - offset];
    if (!item || item.alias !== undefined) return name;
    const own = tokens.slice(item.expression.start, item.expression.end);
    const isRewritten = own.some((token, at) => {
      const next = own[at + 1];
      return token.text === '$' && next !== undefined && rewritten.has(nameOf(next));
    });
    return isRewritten ? toCanonical(own) : name;
  });
}
