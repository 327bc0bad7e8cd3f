import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Mesh, removeMeshData } from '../support/mesh.ts';
import { runForLines, runOk, runProgram } from './program.ts';
import { type Assignment, createAssignment, outcome } from './scenario.ts';
import { describeWith, pathOf, tools } from './tool.ts';
import { expectCancelled, startTalkativeMesh } from './upstream.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a foreign program prints
type Printed = any;

describeWith([tools.grpcurl], 'grpcurl, by reflection alone', () => {
  let mesh: Mesh;
  let task: Assignment;
  let key: string;
  let graphId: string;

  const args = (method: string, credential: string | undefined, flags: readonly string[] = []) => [
    ...['-plaintext', '-format-error', '-max-time', '60', ...flags],
    ...(credential ? ['-H', `authorization: Bearer ${credential}`] : []),
    ...['-d', '@', `127.0.0.1:${mesh.port}`, `trellis.${method}`],
  ];
  /** Calls a method with these messages; resolves with its answers. */
  const call = async (method: string, credential: string | undefined, ...messages: object[]) => {
    const input = messages.map((message) => JSON.stringify(message)).join('\n');
    const printed = await runOk(pathOf(tools.grpcurl), args(method, credential), { input });
    return toMessages(printed.toString());
  };

  beforeAll(async () => {
    mesh = await startTalkativeMesh();
    task = createAssignment(mesh.url);
  });
  afterAll(async () => {
    await mesh.stop();
    await removeMeshData(mesh);
  });

  it('lists the services and describes a method', async () => {
    const address = `127.0.0.1:${mesh.port}`;
    const list = await runOk(pathOf(tools.grpcurl), ['-plaintext', address, 'list']);
    expect(list.toString().trim().split('\n')).toEqual(
      expect.arrayContaining(['grpc.health.v1.Health', 'trellis.graph.v1.GraphService']),
    );
    const method = 'trellis.graph.v1.GraphService.StreamQuery';
    const described = await runOk(pathOf(tools.grpcurl), ['-plaintext', address, 'describe', method]);
    expect(described.toString()).toContain(
      'rpc StreamQuery ( .trellis.graph.v1.StreamQueryRequest ) returns ( stream .trellis.graph.v1.StreamQueryResponse )',
    );
  });

  it('goes from registration to query', async () => {
    const { email, password, name } = task;
    await call('iam.v1.AuthService/Register', undefined, { email, password, name });
    const [session] = await call('iam.v1.AuthService/Login', undefined, { email, password });
    [{ secret: key }] = await call('iam.v1.ApiKeyService/CreateApiKey', session.accessToken, {
      displayName: 'x',
    });
    expect(key).toMatch(/^trl_live_/);
    [
      {
        graph: { graphId },
      },
    ] = await call('graph.v1.CatalogService/CreateGraph', key, { displayName: 'grpcurl' });
    await call('graph.v1.GraphService/Execute', key, { graphId, statement: task.schema });
    const { id, name: cityName, big } = task.city;
    const parameters = { id: { int64Value: id }, name: { stringValue: cityName }, big: { int64Value: big } };
    await call('graph.v1.GraphService/Execute', key, { graphId, statement: task.insert, parameters });
    const [first, second] = task.csvBase64;
    const [imported] = await call(
      'graph.v1.GraphService/ImportTable',
      key,
      { graphId, table: task.table, body: { contentType: 'text/csv', data: first }, csv: { header: true } },
      { body: { data: second } },
    );
    expect(imported.rowCount).toBe(outcome.imported);
    const [answer] = await call('graph.v1.GraphService/Query', key, { graphId, statement: task.query });
    expect(answer.columns.map((column: Printed) => column.name)).toEqual(outcome.columns);
    expect(rowsOf(answer)).toEqual(outcome.rows);
  });

  it('reads a stream to its end', async () => {
    const parts = await call('graph.v1.GraphService/StreamQuery', key, { graphId, statement: task.stream });
    const numbers = parts.flatMap(rowsOf).flat();
    const sum = numbers.reduce((total: bigint, number: string) => total + BigInt(number), 0n);
    const done = parts.at(-1)?.done.rowCount;
    expect({ rows: numbers.length, sum: String(sum), done }).toEqual(outcome.stream);
  });

  it('is interrupted within a stream; the call ends, the next one is served', async () => {
    const flags = ['-H', `x-request-id: ${task.cancelId}`];
    const request = JSON.stringify({ graphId, statement: task.wideStream });
    const stream = args('graph.v1.GraphService/StreamQuery', key, flags);
    const lines = await runForLines(pathOf(tools.grpcurl), stream, 100, { input: request });
    expect(lines.join('\n')).toContain('"int64Value": "1"');
    await expectCancelled(mesh, task.cancelId);
    const [answer] = await call('graph.v1.GraphService/Query', key, { graphId, statement: task.query });
    expect(answer.rowCount).toBe(outcome.cancelled.rowsAfter);
  });

  it('reads the reason of a refusal', async () => {
    const input = JSON.stringify({ graphId, statement: task.refused });
    const printed = await runProgram(pathOf(tools.grpcurl), args('graph.v1.GraphService/Query', key), {
      input,
    });
    const { code, reason, domain, construct } = outcome.refused;
    expect(printed.code).toBe(64 + code);
    const error = JSON.parse(printed.stderr);
    expect(error.code).toBe(code);
    expect(error.details).toContainEqual(
      expect.objectContaining({
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason,
        domain,
        metadata: expect.objectContaining({ construct }),
      }),
    );
  });
});

/** grpcurl prints one indented object for each message. */
function toMessages(printed: string): Printed[] {
  return printed
    .split(/(?<=^\})\n/m)
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text));
}

/** The values of each row as text; parts of a stream may have no rows. */
function rowsOf({ rows = [] }: Printed): string[][] {
  return rows.map(({ values }: Printed) =>
    values.map((value: Printed) => value.int64Value ?? value.stringValue),
  );
}
