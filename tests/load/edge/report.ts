import type { FixedRateResult } from './fixed-rate.ts';
import type { Round } from './measure.ts';
import { addedLatencyRatio, nameOf, type Target } from './targets.ts';
import { ways } from './ways.ts';

/** What was found out about a target. */
export interface Finding extends Round {
  readonly target: Target;
  /** At half of its own rate; streams are not called at a fixed rate. */
  readonly atHalf: FixedRateResult | undefined;
}

interface SameRateLine {
  readonly name: string;
  readonly result: FixedRateResult;
}

/** Targets at one rate: the first without a proxy, the second nginx. */
export interface SameRate {
  readonly perSecond: number;
  readonly lines: readonly SameRateLine[];
}

/** A target that answers less than this part of a fixed rate does not hold it. */
const heldPart = 0.97;

/** The table of all targets. */
export function toTable(findings: readonly Finding[]): string {
  const lines = findings.map((finding) => {
    const { target, perSecond, cpuMicrosEach, busy, loadBusy, disturbance, atHalf } = finding;
    const unit = ways[target.way] === ways.grpcStream ? ' (messages)' : '';
    return [
      nameOf(target) + unit,
      Math.round(perSecond).toLocaleString('en'),
      cpuMicrosEach.toFixed(ways[target.way] === ways.grpcStream ? 2 : 0),
      ...[busy, loadBusy, disturbance].map((part) => `${Math.round(part * 100)} %`),
      ...toVerdict(finding, findings),
      atHalf ? ms(atHalf.p50Ms) : '–',
      atHalf ? ms(atHalf.p99Ms) : '–',
    ];
  });
  return toMarkdown(
    [
      'target',
      'requests/s',
      'CPU µs each',
      'its core',
      'load core',
      'disturbed',
      'ratio',
      'ratio by CPU',
      'goal',
      '',
      'p50 ms at half',
      'p99 ms at half',
    ],
    lines,
  );
}

/** Ratio by rate, ratio by CPU time, goal, and whether it is reached: by both, as rates tell nothing of an idle core. */
function toVerdict(
  { target: { goal }, perSecond, cpuMicrosEach }: Finding,
  all: readonly Finding[],
): string[] {
  const base = goal && all.find(({ target }) => nameOf(target) === nameOf(goal.to));
  if (!goal || !base) return ['–', '–', '–', ''];
  const byRate = perSecond / base.perSecond;
  const byCpu = base.cpuMicrosEach / cpuMicrosEach;
  const isReached = Math.min(byRate, byCpu) >= goal.ratio;
  return [
    byRate.toFixed(2),
    byCpu.toFixed(2),
    `≥ ${goal.ratio} × ${goal.to.server}`,
    isReached ? 'reached' : 'NOT REACHED',
  ];
}

/** The table of the targets at one rate. */
export function toSameRateTable({ perSecond, lines: [direct, nginx, ...others] }: SameRate): string {
  if (!direct || !nginx) throw new Error('there is nothing to compare with');
  const addedBy = ({ result }: SameRateLine) => result.p99Ms - direct.result.p99Ms;
  const toLine = (each: SameRateLine, goal: string, verdict: string) => {
    const { result } = each;
    const added = each === direct ? '–' : ms(addedBy(each));
    const rate = Math.round(result.perSecond).toLocaleString('en');
    return [each.name, rate, ms(result.p50Ms), ms(result.p99Ms), added, goal, verdict];
  };
  const lines = others.map((each) => {
    const isReached =
      each.result.perSecond >= perSecond * heldPart && addedBy(each) <= addedLatencyRatio * addedBy(nginx);
    const goal = `≤ ${addedLatencyRatio} × nginx`;
    return toLine(each, goal, isReached ? 'reached' : 'NOT REACHED');
  });
  return toMarkdown(
    [
      `target, at ${Math.round(perSecond).toLocaleString('en')}/s`,
      'answered/s',
      'p50 ms',
      'p99 ms',
      'added p99 ms',
      'goal',
      '',
    ],
    [toLine(direct, '–', ''), toLine(nginx, '–', ''), ...lines],
  );
}

/** A table of Markdown. */
export function toMarkdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = head.map(() => '---');
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function ms(value: number): string {
  return value.toFixed(value < 100 ? 2 : 0);
}
