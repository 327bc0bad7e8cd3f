import { toJson } from '@bufbuild/protobuf';
import { type Client as ConnectClient, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphService, QueryResponseSchema } from '../../gen/trellis/graph/v1/graph_pb.js';
import { ForeignGrpcClient, type ForeignMessage } from '../support/foreign-grpc.ts';
import { type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute, query, type Tenant } from '../support/rest.ts';

let mesh: Mesh;
let tenant: Tenant;
let graphId: string;
let grpc: ForeignGrpcClient;
const browser = new Map<string, ConnectClient<typeof GraphService>>();

beforeAll(async () => {
  mesh = await startMesh();
  tenant = await createTenant(mesh.url);
  graphId = await createGraph(tenant.rest);
  grpc = new ForeignGrpcClient(mesh.port, tenant.apiKey);
  const options = {
    baseUrl: mesh.url,
    fetch: (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
      const headers = new Headers(init?.headers);
      headers.set('authorization', `Bearer ${tenant.apiKey}`);
      return fetch(input, { ...init, headers });
    },
  };
  browser.set('Connect JSON', createClient(GraphService, createConnectTransport(options)));
  browser.set(
    'Connect binary',
    createClient(GraphService, createConnectTransport({ ...options, useBinaryFormat: true })),
  );
  browser.set('gRPC-Web', createClient(GraphService, createGrpcWebTransport(options)));
  for (const statement of [
    `CREATE NODE TABLE Thing(id INT64 PRIMARY KEY, big INT64, at TIMESTAMP, price DECIMAL(20, 3), tags STRING[],
     byYear MAP(INT64, STRING))`,
    'CREATE REL TABLE Near(FROM Thing TO Thing, since TIMESTAMP, weight INT64)',
    `CREATE (:Thing {id: 1, big: 9007199254740993, at: timestamp('2026-01-02 03:04:05.678901'),
     price: cast('12345678901234567.891' AS DECIMAL(20, 3)), tags: ['a', 'b'],
     byYear: map([2024, 2025], ['x', 'y'])})`,
    "CREATE (:Thing {id: 2, big: -9223372036854775807, at: timestamp('1969-12-31 23:59:59.999999')})",
    `MATCH (a:Thing {id: 1}), (b:Thing {id: 2})
     CREATE (a)-[:Near {since: timestamp('2020-02-29 12:00:00.000001'), weight: 9007199254740995}]->(b)`,
  ]) {
    await execute(tenant.rest, graphId, statement);
  }
});
afterAll(async () => {
  grpc?.close();
  await mesh.stop();
  await removeMeshData(mesh);
});

/** Each value with the REST form that people see and the typed form on the wire, as canonical protobuf JSON. */
const cases = [
  {
    name: 'an INT64 beyond 2^53',
    statement: 'MATCH (t:Thing {id: 1}) RETURN t.big AS v',
    rest: '9007199254740993',
    typed: { int64Value: '9007199254740993' },
  },
  {
    name: 'a timestamp with microseconds',
    statement: 'MATCH (t:Thing {id: 1}) RETURN t.at AS v',
    rest: '2026-01-02T03:04:05.678901Z',
    typed: { timestampValue: { sinceEpoch: '1767323045678901', precision: 'PRECISION_MICROSECONDS' } },
  },
  {
    name: 'a DECIMAL',
    statement: 'MATCH (t:Thing {id: 1}) RETURN t.price AS v',
    rest: '12345678901234567.891',
    typed: { decimalValue: '12345678901234567.891' },
  },
  {
    name: 'a list',
    statement: 'MATCH (t:Thing {id: 1}) RETURN t.tags AS v',
    rest: ['a', 'b'],
    typed: { listValue: { values: [{ stringValue: 'a' }, { stringValue: 'b' }] } },
  },
  {
    name: 'a map with integer keys',
    statement: 'MATCH (t:Thing {id: 1}) RETURN t.byYear AS v',
    rest: [
      [2024, 'x'],
      [2025, 'y'],
    ],
    typed: {
      mapValue: {
        entries: [
          { key: { int64Value: '2024' }, value: { stringValue: 'x' } },
          { key: { int64Value: '2025' }, value: { stringValue: 'y' } },
        ],
      },
    },
  },
  {
    name: 'a node',
    statement: 'MATCH (t:Thing {id: 2}) RETURN t AS v',
    rest: {
      _id: expect.stringMatching(/^\d+:\d+$/),
      _label: 'Thing',
      id: 2,
      big: '-9223372036854775807',
      at: '1969-12-31T23:59:59.999999Z',
      price: null,
      tags: null,
      byYear: null,
    },
    typed: {
      nodeValue: {
        id: expect.anything(),
        label: 'Thing',
        properties: [
          { name: 'id', value: { int64Value: '2' } },
          { name: 'big', value: { int64Value: '-9223372036854775807' } },
          {
            name: 'at',
            value: { timestampValue: { sinceEpoch: '-1', precision: 'PRECISION_MICROSECONDS' } },
          },
          { name: 'price', value: { nullValue: null } },
          { name: 'tags', value: { nullValue: null } },
          { name: 'byYear', value: { nullValue: null } },
        ],
      },
    },
  },
  {
    name: 'a relationship',
    statement: 'MATCH (:Thing)-[r:Near]->(:Thing) RETURN r AS v',
    rest: {
      _id: expect.stringMatching(/^\d+:\d+$/),
      _label: 'Near',
      _src: expect.stringMatching(/^\d+:\d+$/),
      _dst: expect.stringMatching(/^\d+:\d+$/),
      since: '2020-02-29T12:00:00.000001Z',
      weight: '9007199254740995',
    },
    typed: {
      relationshipValue: {
        id: expect.anything(),
        label: 'Near',
        source: expect.anything(),
        destination: expect.anything(),
        properties: [
          {
            name: 'since',
            value: {
              timestampValue: { sinceEpoch: '1582977600000001', precision: 'PRECISION_MICROSECONDS' },
            },
          },
          { name: 'weight', value: { int64Value: '9007199254740995' } },
        ],
      },
    },
  },
  {
    name: 'a path',
    statement: 'MATCH p = (:Thing {id: 1})-[:Near*1..2]->(:Thing) RETURN p AS v',
    rest: {
      nodes: [
        expect.objectContaining({ _label: 'Thing', id: 1, big: '9007199254740993' }),
        expect.objectContaining({ _label: 'Thing', id: 2 }),
      ],
      relationships: [expect.objectContaining({ _label: 'Near', weight: '9007199254740995' })],
    },
    typed: {
      pathValue: {
        nodes: [expect.objectContaining({ label: 'Thing' }), expect.objectContaining({ label: 'Thing' })],
        relationships: [expect.objectContaining({ label: 'Near' })],
      },
    },
  },
];

describe.each(cases)('$name has all its digits', ({ statement, rest, typed }) => {
  it('over REST', async () => {
    const { rows } = await query(tenant.rest, graphId, statement);
    expect(rows).toEqual([[rest]]);
  });

  it.each(['Connect JSON', 'Connect binary', 'gRPC-Web'])(
    'over %s from a browser client',
    async (protocol) => {
      const response = await browser.get(protocol)?.query({ graphId, statement });
      if (!response) throw new Error(protocol);
      const { rows } = toJson(QueryResponseSchema, response) as { rows: object[] };
      expect(rows).toEqual([{ values: [typed] }]);
    },
  );

  it('over gRPC from a client that has only the .proto files', async () => {
    const response = await grpc.unary('graph.v1.GraphService', 'query', { graphId, statement });
    expect(response.rows).toHaveLength(1);
    expect(plain(response.rows[0].values)).toEqual([typed]);
  });
});

/** A foreign message in the form of canonical protobuf JSON: less the oneof's name, NULL as null. */
function plain(message: ForeignMessage): unknown {
  if (message === 'NULL_VALUE') return null;
  if (Array.isArray(message)) return message.map(plain);
  if (typeof message !== 'object') return message;
  const entries = Object.entries(message).filter(([name]) => name !== 'kind');
  return Object.fromEntries(entries.map(([name, value]) => [name, plain(value)]));
}
