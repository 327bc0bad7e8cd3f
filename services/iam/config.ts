import { type Environment, integer, oneOf, type Parse, setting, text } from '../mesh/config/config.ts';
import { readTierTable } from '../mesh/plan/read-tier-table.ts';
import { type PlanId, planIds, type TierTable } from '../mesh/plan/tier-table.ts';
import { type Peppers, parsePeppers } from './domain/pepper.ts';
import { parseSigningKeys, type SigningKeys } from './domain/signing-key.ts';

/** What an operator may set for iam. */
export interface IamConfig {
  /** The plan of a new organization. */
  readonly defaultPlan: PlanId;
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
  /** The organization whose owners and admins run the platform; undefined: nobody does. */
  readonly platformOrganizationId: string | undefined;
  /** The repositories that can be subscribed to. */
  readonly tiers: TierTable;
}

const organizationId: Parse<string> = (value) => {
  if (/^org_[a-z0-9]{20}$/.test(value)) return value;
  throw new Error('must be the id of an organization: "org_" and 20 characters');
};

/** Reads the settings of iam. Throws a ConfigError where one is not allowed. */
export function readIamConfig(env: Environment, tiers = readTierTable(env)): IamConfig {
  const seconds = setting(env, 'TRELLIS_IAM_ACCESS_TOKEN_SECONDS', integer(60, 900), 600);
  const days = setting(env, 'TRELLIS_IAM_SESSION_DAYS', integer(1, 365), 30);
  return {
    defaultPlan: setting(env, 'TRELLIS_CREDIT_DEFAULT_PLAN', oneOf(planIds), 'standard'),
    peppers: setting(env, 'TRELLIS_IAM_KEY_PEPPER', parsePeppers, undefined),
    signingKeys: setting(env, 'TRELLIS_IAM_SIGNING_KEYS', parseSigningKeys, undefined),
    tokenIssuer: setting(env, 'TRELLIS_IAM_TOKEN_ISSUER', text, 'trellis'),
    tokenAudience: setting(env, 'TRELLIS_IAM_TOKEN_AUDIENCE', text, 'trellis'),
    accessTokenLifetimeMs: seconds * 1000,
    sessionLifetimeMs: days * 86_400_000,
    passwordHashesMax: setting(env, 'TRELLIS_IAM_PASSWORD_HASHES_MAX', integer(1, 64), 2),
    apiKeysMax: setting(env, 'TRELLIS_IAM_API_KEYS_MAX', integer(1, 10_000), 100),
    platformOrganizationId: setting(env, 'TRELLIS_IAM_PLATFORM_ORGANIZATION', organizationId, undefined),
    tiers,
  };
}
