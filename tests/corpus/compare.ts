import { createHash } from 'node:crypto';
import { readSource } from './corpus-files.ts';
import type { Expectation, StatementStep } from './test-file.ts';

/** What a statement gave. */
export type Outcome =
  | {
      readonly kind: 'rows';
      readonly columns: readonly string[];
      readonly types: readonly string[];
      readonly tuples: readonly string[];
    }
  | { readonly kind: 'error'; readonly reason: string; readonly construct: string; readonly message: string };

/** How an outcome compares; `sameText` is about the text of an expected error. */
export type Comparison =
  | { readonly agrees: true; readonly sameText?: boolean }
  | { readonly agrees: false; readonly expected: string; readonly got: string };

/** Compares an outcome with what is expected, as the engine's runner does. */
export function compare(
  step: StatementStep,
  expectation: Expectation | undefined,
  outcome: Outcome,
): Comparison {
  const expectsError = expectation?.kind === 'error' || expectation?.kind === 'error-pattern';
  if (outcome.kind === 'error') {
    if (expectsError) return { agrees: true, sameText: isSameError(expectation, outcome.message) };
    return { agrees: false, expected: describe(expectation), got: `${outcome.reason}: ${outcome.message}` };
  }
  const lines = [...(step.checkColumnNames ? [outcome.columns.join('|')] : []), ...outcome.tuples];
  if (expectsError) return { agrees: false, expected: describe(expectation), got: describeLines(lines) };
  if (!expectation || expectation.kind === 'ok') return { agrees: true };
  return compareLines(step, expectation, lines, outcome.types);
}

type LinesExpectation = Exclude<Expectation, { kind: 'ok' | 'error' | 'error-pattern' }>;

function compareLines(
  step: StatementStep,
  expectation: LinesExpectation,
  lines: readonly string[],
  types: readonly string[],
): Comparison {
  const got = step.checkOrder ? lines : lines.toSorted(byBytes);
  if (expectation.kind === 'hash') {
    const md5 = createHash('md5')
      .update(got.map((line) => `${line}\n`).join(''))
      .digest('hex');
    if (md5 === expectation.md5) return { agrees: true };
    return {
      agrees: false,
      expected: `hash ${expectation.md5}`,
      got: `hash ${md5} of ${describeLines(got)}`,
    };
  }
  const wanted =
    expectation.kind === 'tuples'
      ? expectation.lines
      : readSource(`test/answers/${expectation.file}`).replace(/\n$/, '').split('\n');
  const expected = step.checkOrder ? wanted : wanted.toSorted(byBytes);
  const isSame = (line: string, index: number) =>
    line === expected[index] ||
    (step.checkPrecision && isSameWithinPrecision(line, expected[index] ?? '', types));
  if (got.length === expected.length && got.every(isSame)) return { agrees: true };
  return describeDifference(expected, got);
}

/** Within one unit in the last place, as CHECK_PRECISION wants it; what is printed has six decimals. */
function isSameWithinPrecision(got: string, expected: string, types: readonly string[]): boolean {
  const [left, right] = [got.split('|'), expected.split('|')];
  return (
    left.length === right.length &&
    left.every((text, index) => {
      if (text === right[index]) return true;
      if (types[index] !== 'DOUBLE' && types[index] !== 'FLOAT') return false;
      return Math.abs(Number(text) - Number(right[index])) <= 1e-6 + Math.abs(Number(text)) * 1e-7;
    })
  );
}

/** True where a message is the engine's, without its kind, its further lines and its paths. */
function isSameError(expectation: Expectation, message: string): boolean {
  if (expectation.kind !== 'error') return true;
  const [first = ''] = expectation.message.split('\n');
  const wanted = first.trim().replace(/^(?:Error: )?(?:\w[\w ]*? exception: )?/, '');
  const parts = message.replace(/…$/, '').split('<path>');
  return (
    parts.every((part) => wanted.includes(part.trim())) &&
    (parts.length > 1 || wanted.startsWith(message.replace(/…$/, '').trim()))
  );
}

function describeDifference(expected: readonly string[], got: readonly string[]): Comparison {
  const missing = subtract(expected, got);
  const extra = subtract(got, expected);
  if (missing.length === 0 && extra.length === 0) {
    return {
      agrees: false,
      expected: describeLines(expected),
      got: `in another order: ${describeLines(got)}`,
    };
  }
  return {
    agrees: false,
    expected: describeLines(missing, expected.length),
    got: describeLines(extra, got.length),
  };
}

function subtract(from: readonly string[], what: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of what) left.set(line, (left.get(line) ?? 0) + 1);
  return from.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

function describe(expectation: Expectation | undefined): string {
  if (expectation?.kind === 'error') return `error: ${expectation.message}`;
  if (expectation?.kind === 'error-pattern') return `error like ${expectation.pattern}`;
  if (expectation?.kind === 'tuples') return describeLines(expectation.lines);
  return expectation?.kind ?? 'anything';
}

const linesShownMax = 5;

function describeLines(lines: readonly string[], of = lines.length): string {
  const shown = lines
    .slice(0, linesShownMax)
    .map((line) => (line.length > 400 ? `${line.slice(0, 400)}…` : line));
  return `${of} tuples${shown.length > 0 ? `: ${shown.join(' ⏎ ')}` : ''}${lines.length > linesShownMax ? ' ⏎ …' : ''}`;
}

function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
