import { describe, expect, test } from 'vitest';
import { generateSigningKeys, parseSigningKeys } from './signing-key.ts';

describe('signing keys', () => {
  test('a generated set parses; two are never the same', async () => {
    const [one] = parseSigningKeys(await generateSigningKeys());
    const [other] = parseSigningKeys(await generateSigningKeys());
    expect(one.kid).not.toBe(other.kid);
    expect(one.d).not.toBe(other.d);
  });

  test('a key twice is refused', async () => {
    const [key] = parseSigningKeys(await generateSigningKeys());
    expect(() => parseSigningKeys(JSON.stringify({ keys: [key, key] }))).toThrow('each with its own kid');
  });

  test.each([
    ['no JSON', 'private-text'],
    ['null', 'null'],
    ['no keys', '{"keys":[]}'],
    ['a null key', '{"keys":[null]}'],
    ['a public key', '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"private-text","kid":"1"}]}'],
    ['another curve', '{"keys":[{"kty":"OKP","crv":"Ed448","x":"x","d":"private-text","kid":"1"}]}'],
  ])('%s is refused, and the message does not quote it', (_, text) => {
    expect(() => parseSigningKeys(text)).toThrow(/^must be a JSON Web Key Set of private Ed25519 keys/);
    expect(() => parseSigningKeys(text)).not.toThrow(/private-text/);
  });
});
