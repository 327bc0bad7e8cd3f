import { describe, expect, it, test } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { formatApiKey, generateApiKey } from '../../mesh/credential/api-key.ts';
import { credentialOf, parseCredential } from './credential.ts';

const apiKey = formatApiKey(generateApiKey());
const token = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';

describe('the credential of a call', () => {
  test.each([
    ['Authorization: Bearer', `Bearer ${apiKey}`, undefined, apiKey],
    ['any case of Bearer and blanks around', `bEARER   ${apiKey}  `, undefined, apiKey],
    ['X-API-Key', undefined, apiKey, apiKey],
    ['Authorization before X-API-Key', `Bearer ${token}`, apiKey, token],
    ['none', undefined, undefined, undefined],
  ])('is that of %s', (_, authorization, header, expected) => {
    expect(credentialOf(authorization, header)).toBe(expected);
  });

  test.each([['Basic YWRhOnB3'], ['Bearer'], ['Bearer a b'], [''], [`Bearer ${apiKey}, Bearer ${apiKey}`]])(
    'that Authorization says in another way (%s) is refused, not taken as absent',
    (authorization) => {
      const text = credentialOf(authorization, apiKey);
      expect(() => parseCredential(text ?? '')).toThrow(
        expect.objectContaining({ reason: ErrorReason.CREDENTIAL_INVALID }),
      );
      expect(text).toBeDefined();
    },
  );
});

describe('parsing', () => {
  it('knows API keys and access tokens apart', () => {
    expect(parseCredential(apiKey)).toEqual({ case: 'apiKey', value: apiKey });
    expect(parseCredential(token)).toEqual({ case: 'accessToken', value: token });
  });

  test.each([
    ['an API key with a wrong checksum', `${apiKey.slice(0, -1)}${apiKey.endsWith('0') ? '1' : '0'}`],
    ['a token of two parts', 'e30.e30'],
    ['a token of four parts', `${token}.e30`],
    ['a token longer than iam takes', `e30.${'a'.repeat(5_000)}.e30`],
    ['a line end', `${token}\n`],
    ['nothing', ''],
  ])('refuses %s, and does not say it in the error', (_, text) => {
    const parse = () => parseCredential(text);
    expect(parse).toThrow(expect.objectContaining({ reason: ErrorReason.CREDENTIAL_INVALID }));
    expect(parse).toThrow('the credential is not valid');
  });
});
