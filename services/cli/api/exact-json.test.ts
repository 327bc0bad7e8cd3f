import { expect, test } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import { isExactNumber, parseExactJson, toNumber } from './exact-json.ts';

test.each([
  '9223372036854775807',
  '36.0',
  '-0',
  '1e400',
  '0.1000000000000000055511151231257827',
  '1',
  '{"a":[1.0,{"b":2.50}],"c":"1.0"}',
])('%s comes back with every digit', (text) => {
  expect(JSON.stringify(parseExactJson(text))).toBe(text);
});

test('what doubles hold is read as by JSON.parse', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(parseExactJson(text)).toEqual(JSON.parse(text));
    }),
    { seed: 1 },
  );
});

test('numbers are known as such, also where they stay text', () => {
  const values = parseExactJson('[1, 36.0, 9223372036854775807, "1", null]') as unknown[];
  expect(values.map(isExactNumber)).toEqual([true, true, true, false, false]);
  expect(values.slice(0, 3).map(toNumber)).toEqual([1, 36, 2 ** 63]);
});
