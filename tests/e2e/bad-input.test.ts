import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import {
  createGraph,
  createTenant,
  execute,
  expectOk,
  query,
  type RestAnswer,
  RestClient,
  type Tenant,
} from '../support/rest.ts';

let mesh: Mesh;
let tenant: Tenant;
let graphId: string;

beforeAll(async () => {
  mesh = await startMesh();
  tenant = await createTenant(mesh.url);
  graphId = await createGraph(tenant.rest);
  await execute(tenant.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY, name STRING)');
  await execute(tenant.rest, graphId, "CREATE (:T {id: 1, name: 'one'})");
});
afterAll(async () => {
  // Whatever was refused before, the graph is as it was.
  expect((await query(tenant.rest, graphId, 'MATCH (t:T) RETURN t.id, t.name')).rows).toEqual([[1, 'one']]);
  await mesh.stop();
  await removeMeshData(mesh);
});

const expectError = (answer: RestAnswer, code: number, reason: string) => {
  expect(answer.body.error).toMatchObject({ code, reason, requestId: expect.stringMatching(/./) });
  expect(answer.status).toBe(code);
  expect(JSON.stringify(answer.body)).not.toMatch(/\.kuzu|node_modules|\/tmp\//);
  return answer.body.error;
};
const ask = (body: unknown, path = 'query') => tenant.rest.post(`/v1/graphs/${graphId}/${path}`, body);

describe('a request', () => {
  it.each([
    ['is not JSON', '{"statement": '],
    ['has a field that does not exist', '{"statment": "RETURN 1"}'],
    ['has a value of the wrong type', '{"statement": 5}'],
    ['has the same key twice', '{"statement": "RETURN 1", "statement": "RETURN 2"}'],
    ['is a list', '[]'],
  ])('that %s is refused with what is wrong', async (_name, body) => {
    const path = `/v1/graphs/${graphId}/query`;
    const answer = await tenant.rest.send('POST', path, body, 'application/json');
    expectError(answer, 400, 'MALFORMED_BODY');
  });

  it('without a needed field is refused with the field', async () => {
    const error = expectError(await ask({ statement: '' }), 400, 'INVALID_REQUEST');
    expect(JSON.stringify(error.details)).toContain('"field":"statement"');
  });

  it('over the size limit is refused', async () => {
    const answer = await ask({ statement: `RETURN '${'x'.repeat(5 * 2 ** 20)}'` });
    expectError(answer, 413, 'MESSAGE_TOO_LARGE');
  });

  it('to a path or method that does not exist is refused', async () => {
    expectError(await tenant.rest.get('/v1/grphs'), 404, 'METHOD_NOT_FOUND');
    const answer = await tenant.rest.send('PUT', '/v1/graphs');
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toContain('POST');
  });

  it('with an unknown query parameter is refused with its name', async () => {
    const error = expectError(await tenant.rest.get('/v1/graphs?pagesize=5'), 400, 'INVALID_REQUEST');
    expect(error.message).toContain('pagesize');
  });

  it('to register twice with one e-mail address is refused', async () => {
    const account = { email: tenant.email.toUpperCase(), password: 'another long password', name: 'Again' };
    expectError(await new RestClient(mesh.url).post('/v1/auth/register', account), 409, 'EMAIL_TAKEN');
  });

  it('for one graph more than the plan has is refused, and says how many it has', async () => {
    const other = await createTenant(mesh.url);
    await Promise.all(Array.from({ length: 5 }, () => createGraph(other.rest)));
    const error = expectError(
      await other.rest.post('/v1/graphs', { displayName: 'sixth' }),
      429,
      'GRAPH_LIMIT_REACHED',
    );
    expect(JSON.stringify(error.details)).toContain('"limit":"5"');
  });
});

describe('a credential', () => {
  const me = (credential?: string) => new RestClient(mesh.url, credential).get('/v1/auth/me');

  it('is needed', async () => {
    const answer = await me();
    expectError(answer, 401, 'CREDENTIAL_MISSING');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it.each([
    ['garbage', 'garbage'],
    ['a key with a wrong checksum', `trl_live_${'a'.repeat(12)}_${'b'.repeat(49)}`],
    ['a token that nobody signed', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3JfMSJ9.c2ln'],
  ])('that is %s is refused', async (_name, credential) => {
    expectError(await me(credential), 401, 'CREDENTIAL_INVALID');
  });

  it('that expired is refused as expired', async () => {
    const expireTime = new Date(Date.now() + 1_500).toISOString();
    const { secret } = expectOk(await tenant.rest.post('/v1/api-keys', { displayName: 'short', expireTime }));
    expectOk(await me(secret));
    await expect.poll(async () => (await me(secret)).status, { timeout: 10_000 }).toBe(401);
    expectError(await me(secret), 401, 'CREDENTIAL_EXPIRED');
  });

  it('that is revoked is refused within a second', async () => {
    const { secret, apiKey } = expectOk(await tenant.rest.post('/v1/api-keys', { displayName: 'gone' }));
    expectOk(await me(secret));
    expectOk(await tenant.rest.delete(`/v1/api-keys/${apiKey.apiKeyId}`));
    await expect.poll(async () => (await me(secret)).status, { timeout: 1_000, interval: 20 }).toBe(401);
    expectError(await me(secret), 401, 'CREDENTIAL_INVALID');
  });

  it('by a wrong password is refused like one of an unknown account', async () => {
    const login = (email: string) =>
      new RestClient(mesh.url).post('/v1/auth/login', { email, password: 'wrong wrong wrong' });
    const known = expectError(await login(tenant.email), 401, 'LOGIN_FAILED');
    const unknown = expectError(await login('nobody@example.com'), 401, 'LOGIN_FAILED');
    expect(known.message).toBe(unknown.message);
  });
});

describe('a statement', () => {
  it('that is not Cypher is refused with its place', async () => {
    const error = expectError(await ask({ statement: 'MATCH (t:T RETURN t' }), 400, 'STATEMENT_INVALID');
    expect(JSON.stringify(error.details)).toContain('"line":"1"');
  });

  it('about a table that does not exist is refused', async () => {
    expectError(await ask({ statement: 'MATCH (n:Nope) RETURN n' }), 400, 'STATEMENT_INVALID');
  });

  it.each([
    "LOAD FROM '/etc/passwd' RETURN *",
    "COPY (MATCH (t:T) RETURN t.id) TO 'out.csv'",
    "EXPORT DATABASE 'dump'",
    "ATTACH 'other.kuzu' (dbtype kuzu)",
    'CALL threads=1',
    'INSTALL httpfs',
    'RETURN 1; RETURN 2',
    `/***/ RETURN '*/ COPY (MATCH (n) RETURN n.id) TO "x.csv" //'`,
  ])('%s is not allowed, in Query and in Execute', async (statement) => {
    expectError(await ask({ statement }), 400, 'STATEMENT_NOT_ALLOWED');
    expectError(await ask({ statement }, 'execute'), 400, 'STATEMENT_NOT_ALLOWED');
  });

  it('that writes is refused by Query', async () => {
    expectError(await ask({ statement: "CREATE (:T {id: 2, name: 'two'})" }), 400, 'STATEMENT_WRITES');
  });

  it('with a parameter too few or too many is refused with its name', async () => {
    const few = expectError(await ask({ statement: 'RETURN $a' }), 400, 'PARAMETER_INVALID');
    expect(few.message).toContain('a');
    expectError(await ask({ statement: 'RETURN 1', parameters: { b: 1 } }), 400, 'PARAMETER_INVALID');
  });

  it('whose error begins and ends with spaces is told so', async () => {
    const answer = await ask({ statement: "RETURN error('  no: 5 % ')" });
    expect(expectError(answer, 400, 'STATEMENT_FAILED').message).toBe('  no: 5 % ');
    expectError(await ask({ statement: 'CALL table_info("") RETURN *' }), 400, 'STATEMENT_INVALID');
  });

  it('with a value nested deeper than an answer may be is refused with its column', async () => {
    const answer = await ask({ statement: `RETURN ${'{a: '.repeat(40)}1${'}'.repeat(40)} AS x` });
    expect(expectError(answer, 501, 'VALUE_NOT_EXACT').message).toContain('column x');
  });

  it('that breaks the primary key is refused', async () => {
    const statement = "CREATE (:T {id: 1, name: 'again'})";
    expectError(await ask({ statement }, 'execute'), 400, 'STATEMENT_FAILED');
  });

  it('that runs over its time is ended and says so', async () => {
    const statement = 'UNWIND range(1, 100000) AS i UNWIND range(1, 100000) AS j RETURN sum(i * j)';
    expectError(await ask({ statement, timeoutMs: 200 }), 504, 'DEADLINE_EXCEEDED');
  });

  it('with more rows than one answer may have is refused, and streams', async () => {
    const statement = 'UNWIND range(1, 20000) AS i RETURN i';
    expectError(await ask({ statement }), 429, 'RESULT_TOO_LARGE');
    const streamed = await ask({ statement }, 'query/stream');
    expect(streamed.body).toContain('"rowCount":20000');
  });
});

describe('an upload', () => {
  const upload = (table: string, csv: string, contentType = 'text/csv') =>
    tenant.rest.send(
      'POST',
      `/v1/graphs/${graphId}/tables/${table}/import?csv.header=true`,
      csv,
      contentType,
    );

  it('with a broken line is refused with its line, and nothing of it stays', async () => {
    const error = expectError(
      await upload('T', 'id,name\n2,two\n3,three\nfour,4\n5,five\n'),
      400,
      'IMPORT_ROW_INVALID',
    );
    expect(JSON.stringify(error.details)).toContain('"line":"4"');
  });

  it('with too few columns in a line is refused with its line', async () => {
    const error = expectError(await upload('T', 'id,name\n2,two\n3\n'), 400, 'IMPORT_ROW_INVALID');
    expect(JSON.stringify(error.details)).toContain('"line":"3"');
  });

  it('with a primary key that is there already is refused', async () => {
    expectError(await upload('T', 'id,name\n7,seven\n1,one\n'), 400, 'IMPORT_ROW_INVALID');
  });

  it('into a table that does not exist is refused', async () => {
    expectError(await upload('Nope', 'id\n1\n'), 404, 'TABLE_NOT_FOUND');
  });

  it('in a format that cannot be read is refused', async () => {
    expectError(await upload('T', '<x/>', 'application/xml'), 400, 'IMPORT_FORMAT_UNSUPPORTED');
  });
});

it('a call over the rate limit is refused with when to come back', async () => {
  const slow = await startMesh({ env: { TRELLIS_RATELIMIT_SCALE: '1' } });
  try {
    const limited = await createTenant(slow.url);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => new RestClient(slow.url).get('/v1/plans')),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(12);
    const graph = await createGraph(limited.rest);
    const queries = await Promise.all(
      Array.from({ length: 70 }, () =>
        limited.rest.post(`/v1/graphs/${graph}/query`, { statement: 'RETURN 1' }),
      ),
    );
    const refused = queries.filter(({ status }) => status === 429);
    expect(queries.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(60);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expectError(answer, 429, 'RATE_LIMITED');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('ratelimit-policy')).toBe('"GRAPH_QUERY";q=60;w=60');
    }
  } finally {
    await slow.stop();
    await removeMeshData(slow);
  }
});
