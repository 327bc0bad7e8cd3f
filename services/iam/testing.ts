import type { DescService } from '@bufbuild/protobuf';
import type { GrantPlanRequest } from '../../gen/trellis/credit/v1/credit_pb.js';
import { LedgerService } from '../../gen/trellis/credit/v1/credit_pb.js';
import { ApiKeyService } from '../../gen/trellis/iam/v1/api_key_pb.js';
import { AuthService, type RegisterResponse } from '../../gen/trellis/iam/v1/auth_pb.js';
import { type Principal, PrincipalService } from '../../gen/trellis/iam/v1/principal_pb.js';
import { SubscriptionService } from '../../gen/trellis/iam/v1/subscription_pb.js';
import { UserService } from '../../gen/trellis/iam/v1/user_pb.js';
import { createLogger } from '../mesh/log/logger.ts';
import type { Clock } from '../mesh/process/clock.ts';
import type { CallOptions, Channel } from '../mesh/rpc/channel.ts';
import { type Client, createClient } from '../mesh/rpc/client.ts';
import type { CallContext } from '../mesh/rpc/context.ts';
import { createDispatcher } from '../mesh/rpc/dispatcher.ts';
import { createInProcessChannel } from '../mesh/rpc/in-process-channel.ts';
import { type BoundService, bindService } from '../mesh/rpc/service.ts';
import { childTrace } from '../mesh/rpc/trace.ts';
import type { Database, Sql } from '../mesh/sql/database.ts';
import { migrateDatabase } from '../mesh/sql/migrate.ts';
import type { TestDatabase } from '../mesh/sql/testing.ts';
import { type IamConfig, readIamConfig } from './config.ts';
import { generatePeppers, parsePeppers } from './domain/pepper.ts';
import { generateSigningKeys, parseSigningKeys } from './domain/signing-key.ts';
import { createIamServer } from './server.ts';
import { iamMigrations } from './store/migrations.ts';

const log = createLogger('iam-test', 'silent');

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /** Moves on; sleepers whose time has come wake up. */
  advance(durationMs: number): void;
  /** Resolves when that many sleep. */
  whenSleeping(count: number): Promise<void>;
}

/** A clock that begins far enough in the future for the contract's own check of times, which takes the machine's. */
export function createManualClock(): ManualClock {
  let nowMs = Date.UTC(2100, 0, 1);
  const sleepers = new Set<{ readonly dueMs: number; readonly wake: () => void }>();
  let watchers: { readonly count: number; readonly resolve: () => void }[] = [];
  return {
    now: () => nowMs,
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          sleepers.delete(sleeper);
          resolve();
        };
        const sleeper = { dueMs: nowMs + durationMs, wake };
        if (signal.aborted) return resolve();
        signal.addEventListener('abort', wake, { once: true });
        sleepers.add(sleeper);
        for (const watcher of watchers) if (sleepers.size >= watcher.count) watcher.resolve();
        watchers = watchers.filter(({ count }) => sleepers.size < count);
      }),
    advance: (durationMs) => {
      nowMs += durationMs;
      for (const sleeper of [...sleepers]) if (sleeper.dueMs <= nowMs) sleeper.wake();
    },
    whenSleeping: (count) =>
      new Promise((resolve) => {
        if (sleepers.size >= count) resolve();
        else watchers.push({ count, resolve });
      }),
  };
}

/** A credit service that remembers what it was asked. */
interface FakeLedger {
  readonly channel: Channel;
  readonly calls: GrantPlanRequest[];
  /** Set: calls fail with it. */
  failure: Error | undefined;
}

function createFakeLedger(): FakeLedger {
  const calls: GrantPlanRequest[] = [];
  const service = bindService(LedgerService, {
    grantPlan: async (request) => {
      calls.push(request);
      if (ledger.failure) throw ledger.failure;
      return { created: true };
    },
  });
  const ledger: FakeLedger = { channel: channelTo([service]), calls, failure: undefined };
  return ledger;
}

function channelTo(services: readonly BoundService[]): Channel {
  return createInProcessChannel(createDispatcher(services, log), async () => ({
    service: 'edge',
    assertion: '',
  }));
}

/** An iam service as its callers see it: through policy, validation and errors. */
export interface TestIam {
  readonly sql: Sql;
  readonly clock: ManualClock;
  readonly ledger: FakeLedger;
  readonly auth: Client<typeof AuthService>;
  readonly users: Client<typeof UserService>;
  readonly apiKeys: Client<typeof ApiKeyService>;
  readonly subscriptions: Client<typeof SubscriptionService>;
  readonly principals: Client<typeof PrincipalService>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a database of the kind and brings its schema up to date. */
export async function openIamDatabase(kind: TestDatabase): Promise<Database> {
  const database = await kind.open();
  await migrateDatabase(database, iamMigrations);
  return database;
}

/** An iam service over a database, with settings of a test. */
export async function createTestIam(database: Database, settings: Partial<IamConfig> = {}): Promise<TestIam> {
  const clock = createManualClock();
  const ledger = createFakeLedger();
  const config = {
    ...readIamConfig({}),
    peppers: parsePeppers(generatePeppers()),
    signingKeys: parseSigningKeys(await generateSigningKeys()),
    ...settings,
  };
  const server = await createIamServer({
    sql: database.sql,
    channel: ledger.channel,
    log,
    config,
    keysDirectory: '/nowhere',
    clock,
  });
  const channel = channelTo(server.services);
  const client = <S extends DescService>(service: S) => createClient(service, channel);
  return {
    sql: database.sql,
    clock,
    ledger,
    auth: client(AuthService),
    users: client(UserService),
    apiKeys: client(ApiKeyService),
    subscriptions: client(SubscriptionService),
    principals: client(PrincipalService),
    start: server.start,
    close: server.close,
  };
}

/** The password of test accounts. */
export const password = 'correct horse battery';

let accountCount = 0;

/** An e-mail address that no other test of the file uses. */
export function freshEmail(): string {
  accountCount++;
  return `Ada.${accountCount}@Example.com`;
}

export interface TestAccount extends RegisterResponse {
  readonly email: string;
  readonly principal: Principal;
}

/** Registers somebody new. */
export async function registerAccount(iam: TestIam): Promise<TestAccount> {
  const email = freshEmail();
  const registered = await iam.auth.register({ email, password, name: 'Ada' });
  return { ...registered, email, principal: await resolveAccessToken(iam, registered.accessToken) };
}

/** The principal of an access token. */
export async function resolveAccessToken(iam: TestIam, accessToken: string): Promise<Principal> {
  const credential = { case: 'accessToken' as const, value: accessToken };
  return present((await iam.principals.resolvePrincipal({ credential })).principal);
}

/** The principal of an API key. */
export async function resolveApiKey(iam: TestIam, apiKey: string): Promise<Principal> {
  const credential = { case: 'apiKey' as const, value: apiKey };
  return present((await iam.principals.resolvePrincipal({ credential })).principal);
}

/** Call options of a client that the edge identified. */
export function as(principal: Principal): CallOptions {
  return { caller: { service: 'edge', principal, assertion: '' } };
}

/** Call options of a client at an address. */
export function from(clientAddress: string): CallOptions {
  const context: Partial<CallContext> = { clientAddress, requestId: 'test', trace: childTrace(undefined) };
  return { context: context as CallContext };
}

/** The value, which must be there. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a value expected');
  return value;
}
