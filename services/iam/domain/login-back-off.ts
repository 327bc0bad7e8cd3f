/** How failed logins of one subject slow it down. */
export interface BackOffPolicy {
  /** Failures that cost nothing. */
  readonly freeFailures: number;
  /** The wait after the first failure that costs; it doubles with each further one. */
  readonly firstWaitMs: number;
  readonly waitMaxMs: number;
  /** Failures are forgotten after this time without another. */
  readonly forgetMs: number;
}

/**
 * By account: slow enough that guessing is hopeless (288 a day), short enough that a stranger who fails on purpose
 * keeps the owner out for minutes, not for hours.
 */
export const accountBackOff: BackOffPolicy = {
  freeFailures: 10,
  firstWaitMs: 1_000,
  waitMaxMs: 5 * 60_000,
  forgetMs: 60 * 60_000,
};

/** By address: many people may share one, so it has more free failures. */
export const addressBackOff: BackOffPolicy = {
  freeFailures: 20,
  firstWaitMs: 1_000,
  waitMaxMs: 15 * 60_000,
  forgetMs: 60 * 60_000,
};

/** The longest time that a failure counts. */
export const failureRetentionMs = Math.max(accountBackOff.forgetMs, addressBackOff.forgetMs);

/** The failures of one subject. */
export interface LoginFailures {
  readonly failureCount: number;
  readonly lastFailureTime: Date;
  readonly blockedUntilTime: Date;
}

/** Time until the subject may try again, in milliseconds; 0 means now. */
export function waitMs(failures: LoginFailures, nowMs: number): number {
  return Math.max(0, failures.blockedUntilTime.getTime() - nowMs);
}

/** The failures after one more. */
export function addFailure(before: LoginFailures, policy: BackOffPolicy, nowMs: number): LoginFailures {
  const forgotten = nowMs - before.lastFailureTime.getTime() >= policy.forgetMs;
  const failureCount = (forgotten ? 0 : before.failureCount) + 1;
  return {
    failureCount,
    lastFailureTime: new Date(nowMs),
    blockedUntilTime: new Date(nowMs + wait(failureCount, policy)),
  };
}

function wait(failureCount: number, policy: BackOffPolicy): number {
  const costly = failureCount - policy.freeFailures;
  return costly <= 0 ? 0 : Math.min(policy.waitMaxMs, policy.firstWaitMs * 2 ** (costly - 1));
}
