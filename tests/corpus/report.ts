import { increment } from './classify.ts';
import type { KnownDifference } from './known-differences.ts';
import type { CaseResult } from './replay.ts';
import type { StatementResult } from './replay-case.ts';

const slowestMax = 50;

type Status = StatementResult['status'] | 'known';

/** One statement whose result differs. */
export interface Failure extends StatementResult {
  readonly file: string;
  readonly case: string;
}

/** Adds results up. */
export class Report {
  readonly statements = new Map<Status, number>();
  readonly cases = new Map<Status, number>();
  readonly reasons = new Map<string, number>();
  readonly byFile = new Map<string, Map<Status, number>>();
  readonly failures: Failure[] = [];
  /** What only went right on a new graph, and the mesh's log. */
  readonly troubles: string[] = [];
  readonly slowest: { readonly case: string; readonly elapsedMs: number }[] = [];
  /** Known differences that were not seen although their statement ran. */
  readonly stale: KnownDifference[] = [];
  /** Errors that were expected and came, with the engine's text, and with another one. */
  sameTexts = 0;
  otherTexts = 0;
  readonly #known: readonly KnownDifference[];

  constructor(known: readonly KnownDifference[]) {
    this.#known = known;
  }

  add({ file, name, results, elapsedMs }: CaseResult): void {
    this.slowest.push({ case: `${file} ${name}`, elapsedMs: Math.round(elapsedMs) });
    const statuses = results.map((result) => this.#addStatement(file, name, result));
    const status = (['failed', 'known', 'passed'] as const).find((each) => statuses.includes(each));
    increment(this.cases, status ?? 'skipped');
  }

  #addStatement(file: string, name: string, result: StatementResult): Status {
    const known = this.#known.find((each) => each.file === file && each.line === result.line);
    const status = known && result.status === 'failed' ? 'known' : result.status;
    if (known && result.status === 'passed') this.stale.push(known);
    increment(this.statements, status);
    const counts = this.byFile.get(file) ?? new Map<Status, number>();
    increment(counts, status);
    this.byFile.set(file, counts);
    if (result.reason) increment(this.reasons, result.reason);
    if (result.sameText === true) this.sameTexts += 1;
    if (result.sameText === false) this.otherTexts += 1;
    if (status === 'failed') this.failures.push({ file, case: name, ...result });
    return status;
  }

  /** Everything, for a file. */
  toJson(): object {
    const { statements, cases, reasons, sameTexts, otherTexts, stale, failures } = this;
    const files = Object.fromEntries(
      [...this.byFile].map(([file, counts]) => [file, Object.fromEntries(counts)]),
    );
    const [statementCounts, caseCounts, reasonCounts] = [statements, cases, reasons].map((counts) =>
      Object.fromEntries(counts),
    );
    return {
      statements: statementCounts,
      cases: caseCounts,
      errorTexts: { same: sameTexts, other: otherTexts },
      skipped: reasonCounts,
      stale,
      slowest: this.slowest.toSorted((left, right) => right.elapsedMs - left.elapsedMs).slice(0, slowestMax),
      failures,
      troubles: this.troubles,
      files,
    };
  }
}

const statuses = ['passed', 'failed', 'known', 'skipped'] as const;

/** Statements by folder, then what was skipped by reason, as Markdown. */
export function toTables(report: Report, reasonsShownMax: number): string {
  const folders = new Map<string, Map<Status, number>>();
  for (const [file, counts] of report.byFile) {
    const folder = file
      .split('/')
      .slice(file.startsWith('test/') ? 2 : 0)
      .slice(0, file.startsWith('test/') ? 1 : 2)
      .join('/');
    const sums = folders.get(folder) ?? new Map<Status, number>();
    for (const [status, count] of counts) sums.set(status, (sums.get(status) ?? 0) + count);
    folders.set(folder, sums);
  }
  const cells = (counts: ReadonlyMap<Status, number>) =>
    statuses.map((status) => counts.get(status) ?? 0).join(' | ');
  return [
    '| statements of | passed | failed | known differences | skipped |',
    '| --- | --- | --- | --- | --- |',
    ...[...folders].toSorted().map(([folder, counts]) => `| ${folder} | ${cells(counts)} |`),
    `| all statements | ${cells(report.statements)} |`,
    `| all cases | ${cells(report.cases)} |`,
    '',
    '| skipped because | statements |',
    '| --- | --- |',
    ...topOf(report.reasons, reasonsShownMax).map(([reason, count]) => `| ${reason} | ${count} |`),
  ].join('\n');
}

/** The greatest counts first. */
export function topOf(counts: ReadonlyMap<string, number>, max: number): [string, number][] {
  return [...counts].toSorted(([, left], [, right]) => right - left).slice(0, max);
}
