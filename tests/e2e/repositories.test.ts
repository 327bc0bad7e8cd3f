import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ForeignGrpcClient } from '../support/foreign-grpc.ts';
import { type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import {
  createGraph,
  createTenant,
  execute,
  expectOk,
  query,
  RestClient,
  type Tenant,
} from '../support/rest.ts';

// 40 companies with one filing each, from the Financial Statement Data Sets of the SEC (2009 Q3, public domain).
const data = new URL('./data/sec-2009q3/', import.meta.url);
const largest =
  'MATCH (c:Company)-[:FILED]->(f:Filing) RETURN c.name, f.assets ORDER BY f.assets DESC, c.cik LIMIT 3';
const largestRows = [
  ['GENERAL ELECTRIC CO', 778_168_000_000],
  ['AT&T INC.', 267_918_000_000],
  ['LINCOLN NATIONAL CORP', 167_045_000_000],
];

let mesh: Mesh;
/** The platform's own account, with its API key. */
let operator: RestClient;
let ada: Tenant;
let eve: Tenant;
let adasGraph: string;

beforeAll(async () => {
  // The organization that runs the platform is named by its id, so it has to be there before.
  const first = await startMesh();
  const platform = await createTenant(first.url);
  const { organization } = expectOk(await platform.rest.get('/v1/auth/me'));
  await first.stop();
  const env = { TRELLIS_IAM_PLATFORM_ORGANIZATION: organization.organizationId };
  mesh = await startMesh({ dataDirectory: first.dataDirectory, env });
  operator = new RestClient(mesh.url, platform.apiKey);
  ada = await createTenant(mesh.url);
  eve = await createTenant(mesh.url);
  adasGraph = await createGraph(ada.rest, 'own');
});
afterAll(async () => {
  await mesh.stop();
  await removeMeshData(mesh);
});

const queryOf = (rest: RestClient, graphId: string, statement: string) =>
  rest.post(`/v1/graphs/${graphId}/query`, { statement });
const subscription = '/v1/repositories/sec/subscription';
const subscribed = async (rest: RestClient) => {
  const { repositories } = expectOk(await rest.get('/v1/repositories'));
  return repositories.map((each: { repository: string; subscribed: boolean }) => [
    each.repository,
    each.subscribed,
  ]);
};

/** An answer less what differs from call to call. */
const comparable = ({ status, body }: { status: number; body: { error: { details: object[] } } }) => ({
  status,
  error: {
    ...body.error,
    requestId: '',
    details: body.error.details.filter((detail) => !JSON.stringify(detail).includes('RequestInfo')),
  },
});

describe('a shared repository', () => {
  it('is created and filled by the platform, by its public name, and by nobody else', async () => {
    const denied = await ada.rest.post('/v1/repositories', { repository: 'sec' });
    expect(denied.body.error).toMatchObject({ code: 403, reason: 'PERMISSION_DENIED' });
    const { repository } = expectOk(await operator.post('/v1/repositories', { repository: 'sec' }));
    expect(repository).toMatchObject({ repository: 'sec', state: 'GRAPH_STATE_ACTIVE' });
    for (const table of [
      'CREATE NODE TABLE Company(cik INT64 PRIMARY KEY, name STRING, sic INT64)',
      'CREATE NODE TABLE Filing(adsh STRING PRIMARY KEY, form STRING, filed DATE, assets INT64)',
      'CREATE REL TABLE FILED(FROM Company TO Filing)',
    ])
      await execute(operator, 'sec', table);
    for (const [table, file] of [
      ['Company', 'companies.csv'],
      ['Filing', 'filings.csv'],
      ['FILED', 'filed.csv'],
    ]) {
      const csv = new Uint8Array(await readFile(new URL(file ?? '', data)));
      const path = `/v1/graphs/sec/tables/${table}/import?csv.header=true`;
      expect(expectOk(await operator.send('POST', path, csv, 'text/csv')).rowCount).toBe(40);
    }
    expect((await query(operator, 'sec', largest)).rows).toEqual(largestRows);
  });

  it('answers exactly like a missing graph to those who do not subscribe', async () => {
    const calls: [string, string, string?, string?][] = [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/schema'],
      ['POST', '/query', '{"statement":"RETURN 1"}'],
      ['POST', '/query/stream', '{"statement":"RETURN 1"}'],
      ['POST', '/execute', '{"statement":"CREATE (:Company {cik: 1})"}'],
      ['POST', '/tables/Company/import', '1,x,1\n', 'text/csv'],
    ];
    for (const [method, path, body, contentType = 'application/json'] of calls) {
      const ask = (graphId: string) =>
        eve.rest.send(method, `/v1/graphs/${graphId}${path}`, body, body && contentType);
      const [hidden, missing] = [await ask('sec'), await ask('economic')];
      expect(comparable(hidden)).toEqual(comparable(missing));
      expect(hidden.body.error).toMatchObject({ code: 404, reason: 'GRAPH_NOT_FOUND' });
    }
    const grpc = new ForeignGrpcClient(mesh.port, eve.apiKey);
    const ask = (graphId: string) =>
      grpc.unary('graph.v1.GraphService', 'query', { graphId, statement: 'RETURN 1' }).then(
        () => expect.fail('it answered'),
        ({ code, details }) => ({ code, details }),
      );
    expect(await ask('sec')).toEqual(await ask('economic'));
    expect((await ask('sec')).code).toBe(5);
    grpc.close();
  });

  it('is listed to everybody, and read by subscribers over REST and gRPC', async () => {
    expect(await subscribed(ada.rest)).toEqual([['sec', false]]);
    expectOk(await ada.rest.send('PUT', subscription));
    await expect.poll(() => subscribed(ada.rest), { timeout: 10_000 }).toEqual([['sec', true]]);
    expect(await subscribed(eve.rest)).toEqual([['sec', false]]);
    expect((await query(ada.rest, 'sec', largest)).rows).toEqual(largestRows);
    const { nodeTables } = expectOk(await ada.rest.get('/v1/graphs/sec/schema'));
    expect(nodeTables.map(({ name }: { name: string }) => name).toSorted()).toEqual(['Company', 'Filing']);
    const { graph } = expectOk(await ada.rest.get('/v1/graphs/sec'));
    expect(graph).toMatchObject({ repository: 'sec', tier: 'shared' });

    const grpc = new ForeignGrpcClient(mesh.port, ada.apiKey);
    const request = { graphId: 'sec', statement: 'MATCH (c:Company) RETURN c.cik ORDER BY c.cik' };
    expect((await grpc.unary('graph.v1.GraphService', 'query', request)).rows).toHaveLength(40);
    let rowCount = 0;
    for await (const { rows } of grpc.stream('graph.v1.GraphService', 'streamQuery', request))
      rowCount += rows?.length ?? 0;
    expect(rowCount).toBe(40);
    const write = { graphId: 'sec', statement: 'MATCH (c:Company) DETACH DELETE c' };
    const denied = grpc.unary('graph.v1.GraphService', 'execute', write);
    await expect(denied).rejects.toMatchObject({ code: 7 });
    grpc.close();
  });

  it('is not changed by subscribers in any way', async () => {
    const csv = ['/v1/graphs/sec/tables/Company/import', '1,x,1\n', 'text/csv'] as const;
    for (const denied of [
      await ada.rest.post('/v1/graphs/sec/execute', { statement: 'CREATE (:Company {cik: 1})' }),
      await ada.rest.send('POST', ...csv),
      await ada.rest.delete('/v1/graphs/sec'),
      await ada.rest.post('/v1/graphs', { displayName: 'sub', parentGraphId: 'sec' }),
    ])
      expect(denied.body.error).toMatchObject({ code: 403, reason: 'PERMISSION_DENIED' });
    const writes = await queryOf(ada.rest, 'sec', 'CREATE (:Company {cik: 1})');
    expect(writes.body.error.reason).toBe('STATEMENT_WRITES');
    expect((await query(ada.rest, 'sec', 'MATCH (c:Company) RETURN count(*)')).rows).toEqual([[40]]);
  });

  it('is reached by a restricted key only where it names the repository', async () => {
    const keyFor = async (graphId: string) => {
      const key = { displayName: 'narrow', graphIds: [graphId] };
      return ada.rest.as(expectOk(await ada.rest.post('/v1/api-keys', key)).secret);
    };
    const toSec = await keyFor('sec');
    expect((await query(toSec, 'sec', 'MATCH (c:Company) RETURN count(*)')).rows).toEqual([[40]]);
    expect((await queryOf(toSec, adasGraph, 'RETURN 1')).body.error.reason).toBe('GRAPH_NOT_FOUND');
    const toOwn = await keyFor(adasGraph);
    expect((await queryOf(toOwn, 'sec', 'RETURN 1')).body.error.reason).toBe('GRAPH_NOT_FOUND');
    const denied = await toSec.send('DELETE', subscription);
    expect(denied.body.error.reason).toBe('PERMISSION_DENIED');
  });

  it('is refused soon after the subscription ends, to every credential of the organization', async () => {
    await query(ada.rest.as(ada.accessToken), 'sec', 'RETURN 1');
    expectOk(await ada.rest.send('DELETE', subscription));
    for (const credential of [ada.apiKey, ada.accessToken]) {
      const answer = async () =>
        (await queryOf(ada.rest.as(credential), 'sec', 'RETURN 1')).body.error?.reason;
      await expect.poll(answer, { timeout: 10_000 }).toBe('GRAPH_NOT_FOUND');
    }
    await query(ada.rest, adasGraph, 'RETURN 1');
    expectOk(await ada.rest.send('DELETE', subscription));
  });

  it('that the file of tiers does not name cannot be subscribed to', async () => {
    const { body } = await ada.rest.send('PUT', '/v1/repositories/weather/subscription');
    expect(body.error).toMatchObject({ code: 404, reason: 'REPOSITORY_NOT_FOUND' });
  });
});
