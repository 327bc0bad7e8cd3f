import { type Environment, integer, type Parse, setting, text } from '../mesh/config/config.ts';
import { findPlan, type Plan, plans } from '../mesh/plan/plans.ts';
import { type Peppers, parsePeppers } from './domain/pepper.ts';
import { parseSigningKeys, type SigningKeys } from './domain/signing-key.ts';

/** What an operator may set for iam. */
export interface IamConfig {
  /** The plan of a new organization. */
  readonly defaultPlan: Plan['id'];
  /** Key the HMACs of API keys. Undefined: made once and kept in the keys directory. */
  readonly peppers: Peppers | undefined;
  /** Sign access tokens. Undefined: made once and kept in the keys directory. */
  readonly signingKeys: SigningKeys | undefined;
  /** The `iss` of access tokens. */
  readonly tokenIssuer: string;
  /** The `aud` of access tokens. */
  readonly tokenAudience: string;
  readonly accessTokenLifetimeMs: number;
  /** How long a session lasts without a refresh. */
  readonly sessionLifetimeMs: number;
  /** Password hashes computed at a time; each takes a core and 19 MiB. */
  readonly passwordHashesMax: number;
  /** API keys of one organization that are neither revoked nor expired. */
  readonly apiKeysMax: number;
}

const plan: Parse<Plan['id']> = (value) => {
  const found = findPlan(value);
  if (found) return found.id;
  throw new Error(`must be one of ${plans.map(({ id }) => id).join(', ')}`);
};

/** Reads the settings of iam. Throws a ConfigError where one is not allowed. */
export function readIamConfig(env: Environment): IamConfig {
  const seconds = setting(env, 'TRELLIS_IAM_ACCESS_TOKEN_SECONDS', integer(60, 900), 600);
  const days = setting(env, 'TRELLIS_IAM_SESSION_DAYS', integer(1, 365), 30);
  return {
    defaultPlan: setting(env, 'TRELLIS_CREDIT_DEFAULT_PLAN', plan, 'standard'),
    peppers: setting(env, 'TRELLIS_IAM_KEY_PEPPER', parsePeppers, undefined),
    signingKeys: setting(env, 'TRELLIS_IAM_SIGNING_KEYS', parseSigningKeys, undefined),
    tokenIssuer: setting(env, 'TRELLIS_IAM_TOKEN_ISSUER', text, 'trellis'),
    tokenAudience: setting(env, 'TRELLIS_IAM_TOKEN_AUDIENCE', text, 'trellis'),
    accessTokenLifetimeMs: seconds * 1000,
    sessionLifetimeMs: days * 86_400_000,
    passwordHashesMax: setting(env, 'TRELLIS_IAM_PASSWORD_HASHES_MAX', integer(1, 64), 2),
    apiKeysMax: setting(env, 'TRELLIS_IAM_API_KEYS_MAX', integer(1, 10_000), 100),
  };
}
