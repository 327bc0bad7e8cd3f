import { type IdGenerator, randomId } from '../mesh/id/id.ts';
import type { Logger } from '../mesh/log/logger.ts';
import { type Clock, systemClock } from '../mesh/process/clock.ts';
import type { ServiceModule } from '../mesh/process/service-module.ts';
import type { Channel } from '../mesh/rpc/channel.ts';
import type { Sql } from '../mesh/sql/database.ts';
import type { IamConfig } from './config.ts';
import { createAccessTokens } from './domain/access-token.ts';
import { createPasswordHasher } from './domain/password-hasher.ts';
import { deriveKey } from './domain/pepper.ts';
import { createWakeUps } from './domain/wake-ups.ts';
import { iamRoutes } from './routes.ts';
import { loadPeppers, loadSigningKeys } from './store/key-file.ts';
import { trim } from './store/trim.ts';
import { createPlanGranter } from './work/plan-granter.ts';
import { createRepetition } from './work/repetition.ts';
import { createRevocationPoll, pollIntervalMs } from './work/revocation-poll.ts';

const sweepIntervalMs = 5_000;
const trimIntervalMs = 10 * 60_000;
/** Logins that may wait for a password hash: about 2 s of work for two cores. */
const passwordHashesWaitingMax = 64;

export interface IamDeps {
  /** A database that iamMigrations were applied to. */
  readonly sql: Sql;
  /** Leads to the credit service. */
  readonly channel: Channel;
  readonly log: Logger;
  readonly config: IamConfig;
  /** Where keys are kept that the configuration does not give. */
  readonly keysDirectory: string;
  readonly clock?: Clock;
  readonly createId?: IdGenerator;
}

/** The iam service: accounts, sessions, API keys, and the principals they stand for. */
export async function createIamServer(deps: IamDeps): Promise<ServiceModule> {
  const { sql, channel, log, config, keysDirectory, clock = systemClock, createId = randomId } = deps;
  const peppers = config.peppers ?? (await loadPeppers(keysDirectory));
  const signingKeys = config.signingKeys ?? (await loadSigningKeys(keysDirectory));
  const accessTokens = await createAccessTokens(signingKeys, {
    issuer: config.tokenIssuer,
    audience: config.tokenAudience,
    lifetimeMs: config.accessTokenLifetimeMs,
  });
  const passwords = await createPasswordHasher({
    concurrentMax: config.passwordHashesMax,
    waitingMax: passwordHashesWaitingMax,
  });
  const wakeUps = createWakeUps(clock);
  const planGranter = createPlanGranter({ sql, channel, clock, log });
  const work = [
    { name: 'plan grants', intervalMs: sweepIntervalMs, run: planGranter.sweep },
    { name: 'revocation poll', intervalMs: pollIntervalMs, run: createRevocationPoll(sql, wakeUps) },
    { name: 'trim', intervalMs: trimIntervalMs, run: () => trim(sql, clock.now()) },
  ].map((options) => createRepetition({ ...options, clock, log }));

  return {
    name: 'iam',
    services: iamRoutes({
      sql,
      clock,
      createId,
      passwords,
      peppers,
      signingKeys,
      accessTokens,
      wakeUps,
      planGranter,
      successorKey: deriveKey(peppers, 'refresh token successor'),
      defaultPlan: config.defaultPlan,
      sessionLifetimeMs: config.sessionLifetimeMs,
      apiKeysMax: config.apiKeysMax,
      platformOrganizationId: config.platformOrganizationId,
      tiers: config.tiers,
    }),
    start: async () => {
      for (const repetition of work) repetition.start();
    },
    close: async () => {
      await Promise.all(work.map((repetition) => repetition.close()));
    },
  };
}
