import { describe, expect, it, test } from 'vitest';
import { ConfigError, integer, oneOf, positiveNumber, setting, text, url } from './config.ts';

describe('a parser', () => {
  test.each([
    ['integer', integer(0, 10), '7', 7],
    ['integer at its bound', integer(-5, 10), '-5', -5],
    ['positiveNumber', positiveNumber, '0.5', 0.5],
    ['oneOf', oneOf(['a', 'b']), 'b', 'b'],
    ['text', text, ' a b ', ' a b '],
    ['url', url('postgres:', 'postgresql:'), 'postgresql://u@h/d', 'postgresql://u@h/d'],
  ])('%s takes what it should', (_, parse, given, expected) => {
    expect(parse(given)).toBe(expected);
  });

  test.each([
    [
      'integer',
      integer(0, 10),
      ['11', '-1', '1.5', '1e1', '0x1', ' 7', '', 'NaN'],
      'a whole number from 0 to 10',
    ],
    ['positiveNumber', positiveNumber, ['0', '-1', 'x', ' ', 'Infinity'], 'a number more than 0'],
    ['oneOf', oneOf(['a', 'b']), ['c', 'A', ''], 'one of a, b'],
    ['text', text, ['', '  '], 'must not be empty'],
    ['url', url('postgres:'), ['x', 'http://h', 'postgres'], 'a URL that begins with postgres:'],
  ])('%s refuses the rest with what it wants', (_, parse, refused, message) => {
    for (const given of refused) expect(() => parse(given), given).toThrow(message);
  });
});

describe('a setting', () => {
  it('has its value, or its default where it is unset or empty', () => {
    const read = (env: Record<string, string>) => setting(env, 'PORT', integer(0, 9), 5);
    expect([read({ PORT: '0' }), read({}), read({ PORT: '' })]).toEqual([0, 5, 5]);
  });

  test.each([
    ['hunter2 hunter2', 'a text of 15 characters'],
    ['hunter2', 'a word of 7 characters'],
    ['1234567', 'digits of 7 characters'],
  ])('that is bad stops the start with its name and shape, not its value', (value, shape) => {
    const read = () => setting({ SECRET: value }, 'SECRET', integer(0, 9), 5);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`SECRET must be a whole number from 0 to 9; it is set to ${shape}`);
    expect(read).not.toThrow(value);
  });
});
