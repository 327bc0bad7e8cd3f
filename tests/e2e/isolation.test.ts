import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphService } from '../../gen/trellis/graph/v1/graph_pb.js';
import { ForeignGrpcClient } from '../support/foreign-grpc.ts';
import { type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute, expectOk, query, type Tenant } from '../support/rest.ts';

let mesh: Mesh;
let ada: Tenant;
let eve: Tenant;
let adasGraph: string;
const nobodysGraph = 'kg_00000000000000000000';

beforeAll(async () => {
  mesh = await startMesh();
  ada = await createTenant(mesh.url);
  eve = await createTenant(mesh.url);
  adasGraph = await createGraph(ada.rest, 'secret');
  await execute(ada.rest, adasGraph, 'CREATE NODE TABLE Secret(id INT64 PRIMARY KEY)');
});
afterAll(async () => {
  await mesh.stop();
  await removeMeshData(mesh);
});

/** An answer less what differs from call to call. */
const comparable = ({
  status,
  body,
}: {
  status: number;
  body: { error: { requestId: string; details: object[] } };
}) => ({
  status,
  error: {
    ...body.error,
    requestId: '',
    details: body.error.details.filter((detail) => !JSON.stringify(detail).includes('RequestInfo')),
  },
});

describe("another tenant's graph answers exactly like one that does not exist", () => {
  const calls: [string, string, (graphId: string) => [string, unknown?, string?]][] = [
    ['GetGraph', 'GET', (id) => [`/v1/graphs/${id}`]],
    ['DeleteGraph', 'DELETE', (id) => [`/v1/graphs/${id}`]],
    ['GetSchema', 'GET', (id) => [`/v1/graphs/${id}/schema`]],
    ['Query', 'POST', (id) => [`/v1/graphs/${id}/query`, { statement: 'RETURN 1' }]],
    ['StreamQuery', 'POST', (id) => [`/v1/graphs/${id}/query/stream`, { statement: 'RETURN 1' }]],
    ['Execute', 'POST', (id) => [`/v1/graphs/${id}/execute`, { statement: 'CREATE (:Secret {id: 1})' }]],
    ['ImportTable', 'POST', (id) => [`/v1/graphs/${id}/tables/Secret/import`, '1\n', 'text/csv']],
  ];

  it.each(calls)('%s over REST', async (_name, method, toCall) => {
    const [foreign, missing] = await Promise.all(
      [adasGraph, nobodysGraph].map((graphId) => {
        const [path, body, contentType] = toCall(graphId);
        if (body === undefined) return eve.rest.send(method, path);
        const text = typeof body === 'string' ? body : JSON.stringify(body);
        return eve.rest.send(method, path, text, contentType ?? 'application/json');
      }),
    );
    if (!foreign || !missing) throw new Error('no answer');
    expect(comparable(foreign)).toEqual(comparable(missing));
    expect(foreign.body.error).toMatchObject({ code: 404, reason: 'GRAPH_NOT_FOUND' });
  });

  it('over gRPC', async () => {
    const grpc = new ForeignGrpcClient(mesh.port, eve.apiKey);
    const ask = (graphId: string) =>
      grpc.unary('graph.v1.GraphService', 'query', { graphId, statement: 'RETURN 1' }).then(
        () => expect.fail('it answered'),
        (error) => ({ code: error.code, details: error.details }),
      );
    expect(await ask(adasGraph)).toEqual(await ask(nobodysGraph));
    expect((await ask(adasGraph)).code).toBe(5);
    grpc.close();
  });

  it.each([
    ['Connect', createConnectTransport],
    ['gRPC-Web', createGrpcWebTransport],
  ])('over %s', async (_name, createTransport) => {
    const headers = { 'x-api-key': eve.apiKey };
    const client = createClient(GraphService, createTransport({ baseUrl: mesh.url }));
    const ask = (graphId: string) =>
      client.query({ graphId, statement: 'RETURN 1' }, { headers }).then(
        () => expect.fail('it answered'),
        (error) => ({ code: ConnectError.from(error).code, message: ConnectError.from(error).rawMessage }),
      );
    expect(await ask(adasGraph)).toEqual(await ask(nobodysGraph));
    expect((await ask(adasGraph)).code).toBe(Code.NotFound);
  });
});

it('a tenant lists only its own graphs and keys', async () => {
  expect(expectOk(await eve.rest.get('/v1/graphs')).graphs).toEqual([]);
  const { apiKeys } = expectOk(await eve.rest.get('/v1/api-keys'));
  expect(apiKeys.map(({ apiKeyId }: { apiKeyId: string }) => apiKeyId)).toEqual([eve.apiKeyId]);
  expect((await eve.rest.delete(`/v1/api-keys/${ada.apiKeyId}`)).body.error.reason).toBe('API_KEY_NOT_FOUND');
  await query(ada.rest, adasGraph, 'RETURN 1');
});

it('a key restricted to one graph reaches no other and manages nothing', async () => {
  const other = await createGraph(ada.rest, 'other');
  const { secret } = expectOk(
    await ada.rest.post('/v1/api-keys', { displayName: 'narrow', graphIds: [adasGraph] }),
  );
  const narrow = ada.rest.as(secret);
  await query(narrow, adasGraph, 'RETURN 1');
  const answer = await narrow.post(`/v1/graphs/${other}/query`, { statement: 'RETURN 1' });
  expect(answer.body.error.reason).toBe('GRAPH_NOT_FOUND');
  const { graphs } = expectOk(await narrow.get('/v1/graphs'));
  expect(graphs.map(({ graphId }: { graphId: string }) => graphId)).toEqual([adasGraph]);
  for (const denied of [
    await narrow.post('/v1/api-keys', { displayName: 'wider' }),
    await narrow.post('/v1/graphs', { displayName: 'more' }),
    await narrow.delete(`/v1/graphs/${adasGraph}`),
  ]) {
    expect(denied.body.error).toMatchObject({ code: 403, reason: 'PERMISSION_DENIED' });
  }
});

it('headers that services use among themselves mean nothing from outside', async () => {
  const response = await fetch(`${mesh.url}/v1/graphs/${adasGraph}/query`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-api-key': eve.apiKey,
      'x-trellis-assertion': 'forged',
      'x-trellis-principal': 'forged',
    },
    body: JSON.stringify({ statement: 'RETURN 1' }),
  });
  expect(response.status).toBe(404);
});

it.each([
  'trellis.iam.v1.PrincipalService/ResolvePrincipal',
  'trellis.graph.v1.PlacementService/ResolvePlacement',
])('the mesh method %s does not exist at the edge', async (path) => {
  const response = await fetch(`${mesh.url}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': ada.apiKey },
    body: JSON.stringify({ graphId: adasGraph, apiKey: ada.apiKey }),
  });
  expect(response.status).toBe(404);
});
