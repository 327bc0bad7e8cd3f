import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  foreignKey,
  index,
  integer,
  pgSchema,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

/** The Postgres schema that iam owns. */
export const iam = pgSchema('iam');

/** Millisecond precision, so that a time read back equals the time written. */
const time = (name: string) => timestamp(name, { precision: 3, withTimezone: true, mode: 'date' });

/** A person. */
export const user = iam.table(
  'user',
  {
    userId: text('user_id').primaryKey(),
    /** As the user wrote it. */
    email: text('email').notNull(),
    /** The address lower-cased by us, not by the database, whose locale we do not know. */
    emailLower: text('email_lower').notNull(),
    name: text('name').notNull(),
    /** A PHC string of argon2id. */
    passwordHash: text('password_hash').notNull(),
    createTime: time('create_time').notNull(),
  },
  (table) => [uniqueIndex('user_email_lower').on(table.emailLower)],
);

/** What owns graphs, keys and a plan. */
export const organization = iam.table('organization', {
  organizationId: text('organization_id').primaryKey(),
  displayName: text('display_name').notNull(),
  plan: text('plan').notNull(),
  createTime: time('create_time').notNull(),
});

/** Who belongs to an organization, as what. */
export const member = iam.table(
  'member',
  {
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.organizationId),
    userId: text('user_id')
      .notNull()
      .references(() => user.userId),
    role: text('role', { enum: ['owner', 'admin', 'member'] }).notNull(),
    createTime: time('create_time').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.userId] }),
    index('member_user').on(table.userId),
    check('member_role', sql`${table.role} in ('owner', 'admin', 'member')`),
  ],
);

/** A login: the family of refresh tokens that descend from it. */
export const session = iam.table(
  'session',
  {
    sessionId: text('session_id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    userId: text('user_id').notNull(),
    createTime: time('create_time').notNull(),
    /** When its latest refresh token expires; after that only trimming is left to do. */
    expireTime: time('expire_time').notNull(),
    /** When it was ended by logout or by reuse of a token. */
    endTime: time('end_time'),
  },
  (table) => [
    foreignKey({
      name: 'session_member',
      columns: [table.organizationId, table.userId],
      foreignColumns: [member.organizationId, member.userId],
    }),
    index('session_expire_time').on(table.expireTime),
  ],
);

/** A refresh token, by its SHA-256. Used ones stay until the session is trimmed: they betray reuse. */
export const refreshToken = iam.table(
  'refresh_token',
  {
    tokenHash: text('token_hash').primaryKey(),
    sessionId: text('session_id')
      .notNull()
      .references(() => session.sessionId, { onDelete: 'cascade' }),
    expireTime: time('expire_time').notNull(),
    /** When it was exchanged for its successor. */
    useTime: time('use_time'),
  },
  (table) => [
    index('refresh_token_session').on(table.sessionId),
    index('refresh_token_expire_time').on(table.expireTime),
  ],
);

/** An API key; its secret only as HMAC. */
export const apiKey = iam.table(
  'api_key',
  {
    apiKeyId: text('api_key_id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.organizationId),
    /** Who created it. */
    userId: text('user_id')
      .notNull()
      .references(() => user.userId),
    displayName: text('display_name').notNull(),
    /** HMAC-SHA-256 of the secret, base64url. */
    secretHash: text('secret_hash').notNull(),
    /** Which pepper keyed it. */
    pepperVersion: integer('pepper_version').notNull(),
    /** Empty: all graphs of the organization, and its administration. */
    graphIds: text('graph_ids').array().notNull(),
    createTime: time('create_time').notNull(),
    expireTime: time('expire_time'),
    revokeTime: time('revoke_time'),
  },
  (table) => [
    // Lists read it backwards; revoked keys are not in it.
    index('api_key_list')
      .on(table.organizationId, table.createTime, table.apiKeyId)
      .where(sql`${table.revokeTime} is null`),
  ],
);

/** A shared repository that an organization may read. */
export const repositorySubscription = iam.table(
  'repository_subscription',
  {
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.organizationId),
    /** The repository's public name. */
    repository: text('repository').notNull(),
    createTime: time('create_time').notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.repository] })],
);

/** The head of the revocation feed: one row, whose lock makes sequences commit in order and without gaps. */
export const revocationFeed = iam.table(
  'revocation_feed',
  {
    id: smallint('id').primaryKey(),
    lastSequence: bigint('last_sequence', { mode: 'bigint' }).notNull(),
    /** Revocations up to this one are gone. */
    trimmedSequence: bigint('trimmed_sequence', { mode: 'bigint' }).notNull(),
  },
  (table) => [
    check('revocation_feed_single', sql`${table.id} = 1`),
    check(
      'revocation_feed_order',
      sql`0 <= ${table.trimmedSequence} and ${table.trimmedSequence} <= ${table.lastSequence}`,
    ),
  ],
);

/** A credential that is good no more, or an organization that has changed, until every edge must have heard of it. */
export const revocation = iam.table(
  'revocation',
  {
    sequence: bigint('sequence', { mode: 'bigint' }).primaryKey(),
    /** An API key id or a session id. */
    credentialId: text('credential_id'),
    /** The organization whose principals have changed. */
    organizationId: text('organization_id'),
    createTime: time('create_time').notNull(),
  },
  (table) => [
    check('revocation_subject', sql`num_nonnulls(${table.credentialId}, ${table.organizationId}) = 1`),
  ],
);

/** Failed logins, by account or by address. */
export const loginFailure = iam.table(
  'login_failure',
  {
    subject: text('subject').primaryKey(),
    failureCount: integer('failure_count').notNull(),
    lastFailureTime: time('last_failure_time').notNull(),
    /** No login is tried before. */
    blockedUntilTime: time('blocked_until_time').notNull(),
  },
  (table) => [index('login_failure_last_failure_time').on(table.lastFailureTime)],
);

/** The outbox to the credit service: organizations whose plan's credits are still to be granted. */
export const pendingPlanGrant = iam.table(
  'pending_plan_grant',
  {
    organizationId: text('organization_id').primaryKey(),
    plan: text('plan').notNull(),
    attemptCount: integer('attempt_count').notNull(),
    nextAttemptTime: time('next_attempt_time').notNull(),
  },
  (table) => [
    foreignKey({
      name: 'pending_plan_grant_organization',
      columns: [table.organizationId],
      foreignColumns: [organization.organizationId],
    }),
    index('pending_plan_grant_next_attempt_time').on(table.nextAttemptTime),
  ],
);
