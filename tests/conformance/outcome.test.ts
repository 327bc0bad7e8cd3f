import { expect, test } from 'vitest';
import { stale, unexcused } from './edge-errors.ts';
import { parseFailures, parseOutcome } from './outcome.ts';
import { matches } from './patterns.ts';

const log = `Running 3 tests with reference client...
FAILED: Basic/HTTPVersion:1/unary/success:
\tactual response headers missing "x-custom-header"
\tactual response trailers missing "x-custom-trailer"
FAILED: Errors/HTTPVersion:2/unary/error was expected to fail but did not
INFO: Timeouts/HTTPVersion:1/unary failed (as expected):
\tconnect error JSON: details[1]: could not check debug data because message type "google.rpc.RequestInfo" could not be resolved: proto:\u00a0not found
\t; actual error contain 2 details; expecting 0
INFO: Timeouts/HTTPVersion:2/unary failed (as expected):
\tactual error {code: 13 (internal), message: "late"} does not match expected code 4 (deadline_exceeded)
\tactual error contain 2 details; expecting 0

Total cases: 9
5 passed, 2 failed
Another 4 could not be run due to client timing out or exiting prematurely.
(Another 2 failed as expected due to being known failures/flakes.)
`;
const failures = parseFailures(log);

test('cases that could not be run count as failed', () => {
  expect(parseOutcome(log)).toEqual({ cases: 13, passed: 5, failed: 6, knownFailing: 2 });
});

test('a run without a summary has no outcome', () => {
  expect(parseOutcome('Running 3 tests with reference client...\n')).toBeUndefined();
});

test('each failure has its name and all its findings', () => {
  expect(failures.map(({ name, expected, findings }) => [name, expected, findings.length])).toEqual([
    ['Basic/HTTPVersion:1/unary/success', false, 2],
    ['Errors/HTTPVersion:2/unary/error was expected to fail but did not', false, 0],
    ['Timeouts/HTTPVersion:1/unary', true, 2],
    ['Timeouts/HTTPVersion:2/unary', true, 2],
  ]);
});

test('a wrong code of a listed case is not excused, details are', () => {
  const names = unexcused(['Timeouts/**'], failures).map(({ name }) => name);
  expect(names).toEqual(['Timeouts/HTTPVersion:2/unary']);
});

test('a pattern that meant no failure is stale', () => {
  expect(stale(['Timeouts/**', 'Basic/*/unary'], failures)).toEqual(['Basic/*/unary']);
});

test.each([
  ['Timeouts/**', 'Timeouts/HTTPVersion:1/unary', true],
  ['**/unary', 'unary', true],
  ['Timeouts/*/unary', 'Timeouts/HTTPVersion:1/unary', true],
  ['Timeouts/*', 'Timeouts/HTTPVersion:1/unary', false],
  ['Timeouts', 'Timeouts/HTTPVersion:1/unary', false],
])('%s against %s: %s', (pattern, name, expected) => {
  expect(matches(pattern, name)).toBe(expected);
});
