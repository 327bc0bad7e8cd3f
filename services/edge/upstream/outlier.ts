/** What is known of how one endpoint does. */
export interface Health {
  /** In the interval under way. */
  successCount: number;
  failureCount: number;
  ejectedUntilMs: number;
  /** How often in a row it was ejected; each time it is for longer. */
  ejectionCount: number;
}

export const outlierTimes = { intervalMs: 10_000, ejectionFirstMs: 30_000, ejectionLastMs: 300_000 } as const;

/** Below this many calls in an interval an endpoint is not judged. */
const callsMin = 20;
/** Endpoints that fail more than this part of their calls are ejected. */
const failurePartMax = 0.85;
/** Of fewer endpoints none can be so many deviations from their mean. */
const comparedMin = 5;
/** How many standard deviations below the mean success rate an endpoint is ejected. */
const deviationsMax = 1.9;
/** Some difference is chance: an endpoint this close to the mean is none to eject. */
const successGapMin = 0.1;

export function createHealth(): Health {
  return { successCount: 0, failureCount: 0, ejectedUntilMs: Number.NEGATIVE_INFINITY, ejectionCount: 0 };
}

export function isEjected({ ejectedUntilMs }: Health, nowMs: number): boolean {
  return nowMs < ejectedUntilMs;
}

/**
 * Judges the interval that ended, as gRFC A50 has it: ejects endpoints that fail nearly always, or much more often
 * than the others; at most half of them at a time, the worst first. Who behaves is forgiven step by step.
 */
export function endInterval(healths: readonly Health[], nowMs: number): void {
  const failing = judge(healths).toSorted((a, b) => successRate(a) - successRate(b));
  let ejectedCount = healths.filter((health) => isEjected(health, nowMs)).length;
  for (const health of failing) {
    if (isEjected(health, nowMs) || (ejectedCount + 1) * 2 > healths.length) continue;
    eject(health, nowMs);
    ejectedCount++;
  }
  for (const health of healths) {
    if (!isEjected(health, nowMs)) health.ejectionCount = Math.max(0, health.ejectionCount - 1);
    health.successCount = 0;
    health.failureCount = 0;
  }
}

function judge(healths: readonly Health[]): readonly Health[] {
  const judged = healths.filter((health) => callCount(health) >= callsMin);
  const floor = successFloor(judged.map(successRate));
  return judged.filter((health) => {
    const rate = successRate(health);
    return 1 - rate > failurePartMax || rate < floor;
  });
}

/** The success rate below which one of these stands out. */
function successFloor(rates: readonly number[]): number {
  if (rates.length < comparedMin) return 0;
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  return Math.min(mean - deviationsMax * Math.sqrt(variance), mean - successGapMin);
}

function eject(health: Health, nowMs: number): void {
  const { ejectionFirstMs, ejectionLastMs } = outlierTimes;
  health.ejectionCount++;
  health.ejectedUntilMs = nowMs + Math.min(ejectionFirstMs * health.ejectionCount, ejectionLastMs);
}

function callCount({ successCount, failureCount }: Health): number {
  return successCount + failureCount;
}

function successRate(health: Health): number {
  return health.successCount / callCount(health);
}
