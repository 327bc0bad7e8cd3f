import type { Failure } from './outcome.ts';
import { matches } from './patterns.ts';

/**
 * An error that the edge makes itself carries details (the reason, the request id, when to retry), as its API promises;
 * the suite wants none. The cases that provoke such errors are listed in `<mode>-edge-errors.txt`. They may fail, as
 * the upstream is sometimes the first to make the error, but for these findings only: codes, messages, HTTP statuses
 * and all else still count.
 */
const tolerated = [
  /^actual error contain [23] details; expecting 0$/,
  /^connect error JSON: details\[\d\]: could not check debug data because message type "google\.rpc\.\w+" could not be resolved: proto:\s*not found$/,
];

/** What the list of the edge's errors does not excuse: the failures of its cases that have other findings too. */
export function unexcused(patterns: readonly string[], failures: readonly Failure[]): Failure[] {
  return failures.filter(({ name, findings }) => {
    const excused = findings.every((finding) => tolerated.some((expression) => expression.test(finding)));
    return !excused && patterns.some((pattern) => matches(pattern, name));
  });
}

/** The patterns that excused nothing in a whole run, and so have no place in the list. */
export function stale(patterns: readonly string[], failures: readonly Failure[]): string[] {
  return patterns.filter((pattern) => !failures.some(({ name }) => matches(pattern, name)));
}
