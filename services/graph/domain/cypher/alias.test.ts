import { expect, test } from 'vitest';
import { toAlias } from './alias.ts';

test('an alias is written only if the language can spell it', () => {
  expect(toAlias('a.id')).toBe('`a.id`');
  expect(toAlias('x``y')).toBe('`x``y`');
  expect(['', 'a`b', '`', 'a\0b', 'a`; COPY `b', 'a`b`c', '\ud800'].map(toAlias)).toEqual(
    Array(7).fill(undefined),
  );
});
