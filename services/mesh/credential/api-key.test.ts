import { describe, expect, test } from 'vitest';
import { fc } from '../properties.testing.ts';
import { formatApiKey, generateApiKey, parseApiKey } from './api-key.ts';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

describe('API keys', () => {
  test('a generated key has the documented form and parses to its parts', () => {
    const parts = generateApiKey();
    const text = formatApiKey(parts);
    expect(text).toMatch(/^trl_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect(parseApiKey(text)).toEqual(parts);
  });

  test('the form is stable: a key that was given out once parses for ever', () => {
    const parts = { keyId: '0123456789AB', secret: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ' };
    const text = 'trl_live_0123456789AB_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ2p9wGo';
    expect(formatApiKey(parts)).toBe(text);
    expect(parseApiKey(text)).toEqual(parts);
  });

  test('any one changed character is refused by the checksum', () => {
    const text = formatApiKey(generateApiKey());
    const position = fc.integer({ min: 'trl_live_'.length, max: text.length - 1 });
    const character = fc.constantFrom(...base62);
    fc.assert(
      fc.property(position, character, (at, replacement) => {
        fc.pre(text[at] !== replacement);
        expect(parseApiKey(text.slice(0, at) + replacement + text.slice(at + 1))).toBeUndefined();
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['an access token', 'eyJhbGciOiJFZERTQSJ9.e30.c2ln'],
    ['another prefix', formatApiKey(generateApiKey()).replace('trl_live_', 'trl_test_')],
    ['a cut key', formatApiKey(generateApiKey()).slice(0, -1)],
    ['a key and more', `${formatApiKey(generateApiKey())}0`],
    ['a key and a line end', `${formatApiKey(generateApiKey())}\n`],
  ])('%s is no key', (_, text) => {
    expect(parseApiKey(text)).toBeUndefined();
  });

  test('every character is equally likely: bytes that would favour some are drawn again', () => {
    const draws = [new Uint8Array(12).fill(255), new Uint8Array(12).fill(247), new Uint8Array(43).fill(0)];
    const { keyId, secret } = generateApiKey(() => draws.shift() ?? new Uint8Array());
    expect(keyId).toBe('z'.repeat(12));
    expect(secret).toBe('0'.repeat(43));
  });
});
