import { describe, expect, test } from 'vitest';
import { readIamConfig } from './config.ts';

describe('iam settings', () => {
  test('an empty environment gives the defaults of the design', () => {
    const { tiers, ...settings } = readIamConfig({});
    expect(tiers.environment).toBe('development');
    expect(settings).toEqual({
      defaultPlan: 'standard',
      peppers: undefined,
      signingKeys: undefined,
      tokenIssuer: 'trellis',
      tokenAudience: 'trellis',
      accessTokenLifetimeMs: 600_000,
      sessionLifetimeMs: 30 * 86_400_000,
      passwordHashesMax: 2,
      apiKeysMax: 100,
      platformOrganizationId: undefined,
    });
  });

  test.each([
    ['TRELLIS_CREDIT_DEFAULT_PLAN', 'gold', 'must be one of standard, enterprise, premium'],
    ['TRELLIS_IAM_KEY_PEPPER', 'top-secret', 'at least 32 characters'],
    ['TRELLIS_IAM_SIGNING_KEYS', 'top-secret', 'must be a JSON Web Key Set'],
    ['TRELLIS_IAM_ACCESS_TOKEN_SECONDS', '901', 'from 60 to 900'],
    ['TRELLIS_IAM_SESSION_DAYS', '0', 'from 1 to 365'],
    ['TRELLIS_IAM_PASSWORD_HASHES_MAX', 'many', 'from 1 to 64'],
    ['TRELLIS_IAM_API_KEYS_MAX', '-1', 'from 1 to 10000'],
    ['TRELLIS_IAM_PLATFORM_ORGANIZATION', 'ours', 'must be the id of an organization'],
  ])('%s=%s stops the start, with what is allowed and without the value', (name, value, allowed) => {
    expect(() => readIamConfig({ [name]: value })).toThrow(`${name} `);
    expect(() => readIamConfig({ [name]: value })).toThrow(allowed);
    expect(() => readIamConfig({ [name]: value })).not.toThrow('top-secret');
  });
});
