import { describe, expect, test } from 'vitest';
import { deriveKey, generatePeppers, isSealedSecret, parsePeppers, sealSecret } from './pepper.ts';

const one = `1:${'a'.repeat(32)}`;
const two = `2:${'b'.repeat(32)}`;

describe('peppers', () => {
  test('a sealed secret is recognised, another is not', () => {
    const peppers = parsePeppers(generatePeppers());
    const sealed = sealSecret(peppers, 'secret');
    expect(isSealedSecret(peppers, 'secret', sealed)).toBe(true);
    expect(isSealedSecret(peppers, 'secreT', sealed)).toBe(false);
    expect(isSealedSecret(peppers, '', sealed)).toBe(false);
  });

  test('rotation: the first pepper seals, the one before still opens, until it is taken out', () => {
    const sealed = sealSecret(parsePeppers(one), 'secret');
    const rotated = parsePeppers(`${two},${one}`);
    expect(sealSecret(rotated, 'secret').pepperVersion).toBe(2);
    expect(isSealedSecret(rotated, 'secret', sealed)).toBe(true);
    expect(isSealedSecret(parsePeppers(two), 'secret', sealed)).toBe(false);
  });

  test('the same secret under another pepper has another hash', () => {
    const hashes = [one, two].map((text) => sealSecret(parsePeppers(text), 'secret').secretHash);
    expect(new Set(hashes).size).toBe(2);
  });

  test('a hash of the wrong length does not match and does not throw', () => {
    const peppers = parsePeppers(one);
    expect(isSealedSecret(peppers, 'secret', { secretHash: 'AAAA', pepperVersion: 1 })).toBe(false);
  });

  test('derived keys differ by purpose and pepper', () => {
    const keys = [one, two].flatMap((text) =>
      ['a', 'b'].map((purpose) => deriveKey(parsePeppers(text), purpose)),
    );
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(4);
  });

  test.each([
    ['', 'at least 32 characters'],
    ['secret', 'at least 32 characters'],
    ['1:short', 'at least 32 characters'],
    [`x:${'a'.repeat(32)}`, 'at least 32 characters'],
    [`${one},`, 'at least 32 characters'],
    [`${one},${one}`, 'one version twice'],
  ])('%j is refused', (text, message) => {
    expect(() => parsePeppers(text)).toThrow(message);
  });
});
