import { LEXER_ATTACKS, STATEMENT_ATTACKS } from '../../services/graph/domain/cypher/attacks.ts';
import { toCanonical } from '../../services/graph/domain/cypher/canonical.ts';
import { judgeStatement, type Verdict } from '../../services/graph/domain/cypher/judge-statement.ts';
import {
  HARMLESS_READS,
  HARMLESS_WRITES,
  LOOK_ALIKE_SETUP,
} from '../../services/graph/domain/cypher/look-alikes.ts';
import { tokenize } from '../../services/graph/domain/cypher/tokenize.ts';
import { SentenceGenerator } from './generate-sentence.ts';
import { readEngineGrammar } from './grammar.ts';
import { explain } from './known-disagreements.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import { EngineSandbox, type SandboxAnswer } from './sandbox.ts';
import { fuzzVocabulary } from './vocabulary.ts';

/** One statement on which gate and engine do not agree. */
export interface Disagreement {
  readonly what: string;
  readonly statement: string;
  readonly gate: string;
  readonly engine: string;
}

/** What a run of the fuzzer saw. */
export interface FuzzReport {
  /** Statements by what the gate said. */
  readonly verdicts: ReadonlyMap<string, number>;
  /** Accepted statements that the engine took and ran. */
  readonly ran: number;
  /** Disagreements of the kinds listed in `known-disagreements.ts`, by their reasons. */
  readonly known: ReadonlyMap<string, number>;
  readonly disagreements: readonly Disagreement[];
  /** What came into being in the sandbox. */
  readonly files: readonly string[];
}

export interface FuzzOptions {
  readonly seed: number;
  readonly count: number;
  /** Statements to mutate, beside the attacks and the look-alikes. */
  readonly corpus?: readonly string[];
  /** Is told each disagreement at once. */
  readonly onDisagreement?: (disagreement: Disagreement) => void;
}

/** Longer ones take the engine's parser long and show nothing more. */
const statementCharactersMax = 600;

/** Objections of the engine's grammar name a place; others that it calls so, such as a missing primary key, do not. */
const isSyntax = (objection: string | null): boolean =>
  /^Parser exception.*\(line: \d+, offset: \d+\)|Query is empty|Cannot parse empty query/s.test(
    objection ?? '',
  );
const writesInReadOnly = /Can not execute a write query inside a read-only transaction/;

/** Judges generated and mutated statements and compares what the gate says with what the engine does. */
export async function fuzzGate({
  seed,
  count,
  corpus = [],
  onDisagreement,
}: FuzzOptions): Promise<FuzzReport> {
  const random = new Random(seed);
  const nextStatement = createSource(random, corpus);
  const sandbox = new EngineSandbox(LOOK_ALIKE_SETUP);
  const verdicts = new Map<string, number>();
  const known = new Map<string, number>();
  const disagreements: Disagreement[] = [];
  let ran = 0;
  try {
    for (let done = 0; done < count; done += 1) {
      const statement = nextStatement();
      const verdict = judgeStatement(statement, 'write');
      increment(verdicts, nameOf(verdict));
      const answer = await sandbox.ask({
        original: statement,
        canonical: verdict.ok ? verdict.canonical : undefined,
      });
      if (verdict.ok && !('ended' in answer) && answer.canonical === null) ran += 1;
      for (const what of compare(statement, verdict, answer)) {
        const engine =
          'ended' in answer ? answer.ended : (answer.canonical ?? answer.original ?? answer.readOnly ?? '');
        const gate = verdict.ok ? verdict.kind : `${verdict.reason} at ${verdict.offset}: ${verdict.message}`;
        const disagreement = { what, statement, gate, engine };
        const reason = explain(what, verdict, statement);
        if (reason !== undefined) increment(known, reason);
        else {
          disagreements.push(disagreement);
          onDisagreement?.(disagreement);
        }
      }
    }
    return { verdicts, ran, known, disagreements, files: sandbox.files() };
  } finally {
    await sandbox.close();
  }
}

/** Sentences of the engine's grammar and damaged ones of the corpus, half of each. */
function createSource(random: Random, corpus: readonly string[]): () => string {
  const generator = new SentenceGenerator(readEngineGrammar(), fuzzVocabulary);
  const attacks = [...LEXER_ATTACKS, ...STATEMENT_ATTACKS].map(({ statement }) => statement);
  const harmless = [...HARMLESS_READS, ...HARMLESS_WRITES];
  const all = [...attacks, ...harmless, ...corpus];
  const generated = () =>
    generator.generate(random.pick(['oC_Query', 'oC_Query', 'oC_Statement', 'ku_Statements']), random);
  const any = () => {
    if (random.chance(0.35)) return generated();
    if (random.chance(0.1)) return mutate(generated(), all, random);
    return mutate(random.pick(random.pick([attacks, harmless, all])), all, random);
  };
  return () => {
    for (;;) {
      const statement = any();
      if (statement.length <= statementCharactersMax) return statement;
    }
  };
}

function compare(
  statement: string,
  verdict: Verdict,
  answer: SandboxAnswer | { readonly ended: string },
): string[] {
  if (!verdict.ok) {
    if ('ended' in answer) return [];
    const isOverRefused = verdict.reason === 'STATEMENT_SYNTAX' && !isSyntax(answer.original);
    return isOverRefused ? ['the engine has such a sentence and the gate has not'] : [];
  }
  const found: string[] = [];
  const { canonical, writes } = verdict;
  if (toCanonical(tokenize(canonical)) !== canonical) found.push('the canonical text is not canonical');
  const again = judgeStatement(canonical, 'write');
  if (!again.ok || again.canonical !== canonical) found.push('the canonical text is judged otherwise');
  if ('ended' in answer) return [...found, 'an accepted statement ends the process'];
  if (isSyntax(answer.canonical)) found.push('the gate has such a sentence and the engine has not');
  if (isSyntax(answer.original) !== isSyntax(answer.canonical))
    found.push('the canonical text is another sentence');
  if (answer.canonical === null && writesInReadOnly.test(answer.readOnly ?? '') !== writes) {
    found.push(writes ? 'the gate calls a read a write' : 'the gate calls a write a read');
  }
  if (!isNoMatter(statement, answer.canonical)) found.push('an accepted statement reaches out of the graph');
  return found;
}

/** Whether an objection says nothing of files, extensions or other databases. */
function isNoMatter(_statement: string, objection: string | null): boolean {
  return !/No file found|Cannot open|IO exception|Failed to load|Extension exception|attached/i.test(
    objection ?? '',
  );
}

function nameOf(verdict: Verdict): string {
  return verdict.ok ? verdict.kind : verdict.reason;
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
