import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { member, organization, pendingPlanGrant, session, user } from '../store/schema.ts';
import {
  as,
  createTestIam,
  freshEmail,
  openIamDatabase,
  password,
  registerAccount,
  resolveAccessToken,
  type TestIam,
} from '../testing.ts';

describe.each(testDatabases)('Register on $name', (kind) => {
  let iam: TestIam;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const database = await openIamDatabase(kind);
    close = database.close;
    iam = await createTestIam(database, { defaultPlan: 'enterprise' });
  });
  afterAll(() => close());

  test('OK: the answer is a session of a new user who owns a new organization on the default plan', async () => {
    const email = freshEmail();
    const registered = await iam.auth.register({ email, password, name: 'Ada' });
    expect(registered.userId).toMatch(/^usr_[0-9a-z]{20}$/);
    expect(registered.expiresIn).toBe(600);

    const principal = await resolveAccessToken(iam, registered.accessToken);
    const me = await iam.users.getMe({}, as(principal));
    expect(me.user).toMatchObject({ userId: registered.userId, email, name: 'Ada' });
    expect(me.organization).toMatchObject({ plan: 'enterprise', organizationId: principal.organizationId });
    expect(principal.permissions).toHaveLength(6);
  });

  test('the password is stored as argon2id with the parameters of the design only', async () => {
    const { userId } = await registerAccount(iam);
    const [row] = await iam.sql.select().from(user).where(eq(user.userId, userId));
    expect(row?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(JSON.stringify(row)).not.toContain(password);
  });

  test.each([
    ['email', { email: 'ada', password, name: 'Ada' }],
    ['password', { email: 'ada@example.com', password: 'short', name: 'Ada' }],
    ['name', { email: 'ada@example.com', password, name: '' }],
  ])('INVALID_ARGUMENT INVALID_REQUEST: a bad %s', async (_, request) => {
    const error = { code: Code.INVALID_ARGUMENT, reason: ErrorReason.INVALID_REQUEST };
    await expect(iam.auth.register(request)).rejects.toMatchObject(error);
  });

  test('ALREADY_EXISTS EMAIL_TAKEN: the address is taken, in whatever case, and nothing is created', async () => {
    const { email } = await registerAccount(iam);
    const before = await countRows(iam);
    const again = iam.auth.register({ email: email.toUpperCase(), password, name: 'Eve' });
    await expect(again).rejects.toMatchObject({ code: Code.ALREADY_EXISTS, reason: ErrorReason.EMAIL_TAKEN });
    expect(await countRows(iam)).toEqual(before);
  });

  test('of parallel registrations of one address exactly one wins and leaves exactly one account', async () => {
    const before = await countRows(iam);
    const email = freshEmail();
    const attempts = Array.from({ length: 8 }, (_, i) =>
      iam.auth.register({ email: i % 2 ? email : email.toLowerCase(), password, name: `Ada ${i}` }),
    );
    const results = await Promise.allSettled(attempts);
    const refusals = results
      .filter((result) => result.status === 'rejected')
      .map(({ reason }) => reason.reason);
    expect(refusals).toEqual(Array(7).fill(ErrorReason.EMAIL_TAKEN));
    const after = await countRows(iam);
    expect(after).toEqual(before.map((count) => count + 1));
  });

  test("the plan's credits are granted before the answer, and the outbox is empty again", async () => {
    const { principal } = await registerAccount(iam);
    const { organizationId } = principal;
    expect(iam.ledger.calls.filter((call) => call.organizationId === organizationId)).toMatchObject([
      { organizationId, plan: 'enterprise' },
    ]);
    expect(await iam.sql.select().from(pendingPlanGrant)).toEqual([]);
  });

  test('with the credit service down the registration succeeds and the grant waits in the outbox', async () => {
    iam.ledger.failure = new Error('down');
    try {
      const { principal } = await registerAccount(iam);
      const { organizationId } = principal;
      expect(await iam.sql.select().from(pendingPlanGrant)).toMatchObject([
        { organizationId, plan: 'enterprise' },
      ]);
    } finally {
      iam.ledger.failure = undefined;
    }
  });
});

function countRows({ sql }: TestIam): Promise<number[]> {
  return Promise.all([user, organization, member, session].map((table) => sql.$count(table)));
}
