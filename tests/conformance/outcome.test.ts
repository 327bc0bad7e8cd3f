import { expect, test } from 'vitest';
import { failuresOf, parseOutcome } from './outcome.ts';

const log = `Running 3 tests with reference client...
FAILED: Basic/HTTPVersion:1/unary/success:
\tactual response headers missing "x-custom-header"
\tactual response trailers missing "x-custom-trailer"
FAILED: Errors/HTTPVersion:2/unary/error was expected to fail but did not
INFO: Timeouts/HTTPVersion:1/unary/timeout failed (as expected):
\texpecting an error but received none

Total cases: 9
6 passed, 2 failed
Another 4 could not be run due to client timing out or exiting prematurely.
(Another 1 failed as expected due to being known failures/flakes.)
`;

test('cases that could not be run count as failed', () => {
  expect(parseOutcome(log)).toEqual({ cases: 13, passed: 6, failed: 6, knownFailing: 1 });
});

test('a run without a summary has no outcome', () => {
  expect(parseOutcome('Running 3 tests with reference client...\n')).toBeUndefined();
});

test('failures keep their reasons, known ones are left out', () => {
  expect(failuresOf(log)).toEqual([
    'FAILED: Basic/HTTPVersion:1/unary/success:\n\tactual response headers missing "x-custom-header"\n\tactual response trailers missing "x-custom-trailer"',
    'FAILED: Errors/HTTPVersion:2/unary/error was expected to fail but did not',
  ]);
});
