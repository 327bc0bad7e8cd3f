import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ForeignGrpcClient } from '../support/foreign-grpc.ts';
import { ldbcFile } from '../support/ldbc.ts';
import { type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute, expectOk, query, type Tenant } from '../support/rest.ts';

let mesh: Mesh;
let tenant: Tenant;
let graphId: string;

beforeAll(async () => {
  mesh = await startMesh();
  tenant = await createTenant(mesh.url);
  graphId = await createGraph(tenant.rest, 'LDBC');
});
afterAll(async () => {
  await mesh.stop();
  await removeMeshData(mesh);
});

const count = async (pattern: string) => {
  const { rows } = await query(tenant.rest, graphId, `MATCH ${pattern} RETURN count(*)`);
  return rows[0][0];
};

/** Lines of a file with a header, less the header. */
const rowsOf = (csv: Buffer) => csv.toString().trimEnd().split('\n').length - 1;

describe('a tenant with real data', () => {
  it('has an account, a key and a graph', async () => {
    const me = expectOk(await tenant.rest.get('/v1/auth/me'));
    expect(me).toMatchObject({ user: { email: tenant.email }, organization: { plan: 'standard' } });
    const { graphs } = expectOk(await tenant.rest.get('/v1/graphs'));
    expect(graphs).toMatchObject([
      { graphId, displayName: 'LDBC', tier: 'standard', state: 'GRAPH_STATE_ACTIVE' },
    ]);
  });

  it('has the credits of one month, once', async () => {
    const balance = () => tenant.rest.get('/v1/credits').then(expectOk);
    await expect.poll(async () => (await balance()).availableMicros).toBe('10000000000');
    const { transfers } = expectOk(await tenant.rest.get('/v1/credits/transfers'));
    expect(transfers).toHaveLength(1);
  });

  it('makes tables, loads nodes by REST upload and relationships by gRPC stream, and finds every row', async () => {
    await execute(
      tenant.rest,
      graphId,
      `CREATE NODE TABLE Person(id INT64 PRIMARY KEY, firstName STRING, lastName STRING, gender STRING,
       birthday INT64, creationDate INT64, locationIP STRING, browserUsed STRING)`,
    );
    await execute(tenant.rest, graphId, 'CREATE REL TABLE knows(FROM Person TO Person, creationDate INT64)');

    const persons = await readFile(ldbcFile('Person.csv'));
    const path = `/v1/graphs/${graphId}/tables/Person/import?csv.delimiter=%7C&csv.header=true`;
    const imported = expectOk(await tenant.rest.send('POST', path, new Uint8Array(persons), 'text/csv'));
    expect(imported.rowCount).toBe(rowsOf(persons));
    expect(await count('(p:Person)')).toBe(rowsOf(persons));

    const knows = await readFile(ldbcFile('Person_knows_Person.csv'));
    const grpc = new ForeignGrpcClient(mesh.port, tenant.apiKey);
    const chunks = Array.from({ length: Math.ceil(knows.length / 50_000) }, (_, i) =>
      knows.subarray(i * 50_000, (i + 1) * 50_000),
    );
    const messages = chunks.map((data, i) =>
      i === 0
        ? {
            graphId,
            table: 'knows',
            body: { contentType: 'text/csv', data },
            csv: { delimiter: '|', header: true },
          }
        : { body: { data } },
    );
    expect(messages.length).toBeGreaterThan(3);
    const answer = await grpc.upload('graph.v1.GraphService', 'importTable', messages);
    grpc.close();
    expect(answer.rowCount).toBe(rowsOf(knows));
    expect(await count('(:Person)-[:knows]->(:Person)')).toBe(rowsOf(knows));
  });

  it('reads exactly what the file says', async () => {
    const { columns, rows, rowCount } = await query(
      tenant.rest,
      graphId,
      'MATCH (p:Person) WHERE p.id = $id RETURN p.firstName, p.lastName, p.creationDate AS created',
      { id: 933 },
    );
    expect(columns).toEqual([
      { name: 'p.firstName', type: 'STRING' },
      { name: 'p.lastName', type: 'STRING' },
      { name: 'created', type: 'INT64' },
    ]);
    expect(rows).toEqual([['Mahinda', 'Perera', '20100214153210447']]);
    expect(rowCount).toBe(1);
  });

  it('streams a large result as NDJSON: columns, rows, done', async () => {
    const path = `/v1/graphs/${graphId}/query/stream`;
    const statement = 'MATCH (a:Person)-[:knows]->(b:Person) RETURN a.id, b.id';
    const answer = await tenant.rest.post(path, { statement });
    const lines: { columns?: unknown[]; rows?: unknown[]; done?: { rowCount: number } }[] = answer.body
      .trimEnd()
      .split('\n')
      .map((line: string) => JSON.parse(line));
    expect(lines[0]?.columns).toHaveLength(2);
    const rows = lines.flatMap((line) => line.rows ?? []);
    expect(rows).toHaveLength(await count('(:Person)-[:knows]->(:Person)'));
    expect(lines.at(-1)?.done?.rowCount).toBe(rows.length);
  });

  it('sees its schema', async () => {
    const schema = expectOk(await tenant.rest.get(`/v1/graphs/${graphId}/schema`));
    expect(schema.nodeTables).toMatchObject([{ name: 'Person', primaryKey: 'id' }]);
    expect(schema.nodeTables[0].properties).toHaveLength(8);
    expect(schema.relationshipTables).toMatchObject([
      { name: 'knows', connections: [{ fromLabel: 'Person', toLabel: 'Person' }] },
    ]);
  });

  it('deletes the graph, and it is gone', async () => {
    const other = await createGraph(tenant.rest, 'short-lived');
    await execute(tenant.rest, other, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)');
    expectOk(await tenant.rest.delete(`/v1/graphs/${other}`));
    expect((await tenant.rest.get(`/v1/graphs/${other}`)).status).toBe(404);
    const answer = await tenant.rest.post(`/v1/graphs/${other}/query`, { statement: 'RETURN 1' });
    expect(answer.body.error).toMatchObject({ code: 404, reason: 'GRAPH_NOT_FOUND' });
  });
});
