import { describe, expect, test } from 'vitest';
import { toCanonical } from '../cypher/canonical.ts';
import { tokenize } from '../cypher/tokenize.ts';
import { unfoldRanges, unwoundRanges } from './unfold-ranges.ts';

const zero = 'CASE WHEN gen_random_uuid() IS NULL THEN 1 ELSE 0 END';
const unfolded = (statement: string) => {
  const tokens = tokenize(statement);
  return toCanonical(unfoldRanges(tokens, unwoundRanges(tokens)));
};

test.each([
  ['UNWIND range(1, 1000000) AS i RETURN i', `UNWIND range(1, 1000000 + ${zero}) AS i RETURN i`],
  ['unwind RANGE(-9000,-1) as i return i', `unwind RANGE(-9000,-1 + ${zero}) as i return i`],
  ['UNWIND range(0, 40960, 20) AS i RETURN i', `UNWIND range(0, 40960, 20 + ${zero}) AS i RETURN i`],
  ['UNWIND range(9000, 1, -1) AS i RETURN i', `UNWIND range(9000, 1, -1 + ${zero}) AS i RETURN i`],
  [
    'MATCH (n) UNWIND range(1, 5000) AS i UNWIND range(1, 9999) AS j RETURN n, i, j',
    `MATCH (n) UNWIND range(1, 5000 + ${zero}) AS i UNWIND range(1, 9999 + ${zero}) AS j RETURN n, i, j`,
  ],
])('a long list that is unwound is no constant: %s', (statement, text) => {
  expect(unfolded(statement)).toBe(text);
});

describe('everything else stays as it is', () => {
  test.each([
    'UNWIND range(1, 2047) AS i RETURN i',
    'UNWIND range(0, 40920, 20) AS i RETURN i',
    'UNWIND range(1, 1000000, -1) AS i RETURN i',
    'UNWIND range(1, 1000000, 0) AS i RETURN i',
    'UNWIND range(1, n) AS i RETURN i',
    'UNWIND range(1, 1000000 * 2) AS i RETURN i',
    'UNWIND range(1, 99999999999999999999) AS i RETURN i',
    'UNWIND range(1) AS i RETURN i',
    'UNWIND range(1, 1000000)[1:2] AS i RETURN i',
    'UNWIND list_reverse(range(1, 1000000)) AS i RETURN i',
    'RETURN range(1, 1000000) AS r',
    "RETURN 'UNWIND range(1, 1000000) AS i' AS s",
  ])('%s', (statement) => expect(unfolded(statement)).toBe(statement));
});
