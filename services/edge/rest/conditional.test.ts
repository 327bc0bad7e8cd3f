import { create, type Message } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { CatalogService, ListGraphsResponseSchema } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import {
  ExecuteResponseSchema,
  GetSchemaResponseSchema,
  GraphService,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { AuthService, GetJsonWebKeysResponseSchema } from '../../../gen/trellis/iam/v1/auth_pb.js';
import { only } from '../../mesh/rpc/service.ts';
import { isKnownTag } from './entity-tag.ts';
import { startRestServer, type TestServer } from './testing.ts';

const schema = { method: 'GET', path: '/v1/graphs/kg_1/schema' };
const list = { method: 'GET', path: '/v1/graphs' };

let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe.each(['http1', 'http2'] as const)('conditional reads over %s', (protocol) => {
  const serve = async (message: Message) => {
    server = await startRestServer(protocol, {
      services: [AuthService, CatalogService, GraphService],
      forward: async function* (_method, requests) {
        await only(requests);
        yield message;
      },
    });
    return server.send;
  };

  it('name the state by the revision of the answer', async () => {
    const send = await serve(create(GetSchemaResponseSchema, { revision: '3.42' }));
    const { status, headers } = await send(schema);
    expect([status, headers.etag, headers['cache-control']]).toEqual([200, 'W/"3.42"', 'private, no-cache']);
  });

  it('name it by the bytes where the answer has no revision that a tag could be', async () => {
    const tags: unknown[] = [];
    for (const nextPageToken of ['a', 'a', 'b']) {
      const send = await serve(create(ListGraphsResponseSchema, { nextPageToken }));
      tags.push((await send(list)).headers.etag);
      await server?.close();
    }
    expect(tags[0]).toMatch(/^W\/"[\w-]{22}"$/);
    expect(tags[1]).toBe(tags[0]);
    expect(tags[2]).not.toBe(tags[0]);
    const send = await serve(create(GetSchemaResponseSchema, { revision: 'a "b"\n' }));
    expect((await send(schema)).headers.etag).toMatch(/^W\/"[\w-]{22}"$/);
  });

  it.each(['GET', 'HEAD'])(
    'answer %s with 304 and the headers of the 200 where the tag holds',
    async (method) => {
      const send = await serve(create(GetSchemaResponseSchema, { revision: '3.42' }));
      const whole = await send(schema);
      const answer = await send({ ...schema, method, headers: { 'if-none-match': '"x", W/"3.42"' } });
      expect([answer.status, answer.body.length]).toEqual([304, 0]);
      for (const name of ['etag', 'cache-control', 'vary', 'ratelimit', 'x-request-id']) {
        expect(answer.headers[name], name).toBe(whole.headers[name]);
        expect(answer.headers[name], name).toBeDefined();
      }
      expect(answer.headers['content-type']).toBeUndefined();
      expect(server?.outcomes.at(-1)).toMatchObject({ status: 304, error: undefined });
    },
  );

  it('answer whole where the state is another', async () => {
    const send = await serve(create(GetSchemaResponseSchema, { revision: '3.43' }));
    const answer = await send({ ...schema, headers: { 'if-none-match': 'W/"3.42"' } });
    expect([answer.status, answer.headers.etag]).toEqual([200, 'W/"3.43"']);
    expect(answer.json()).toMatchObject({ revision: '3.43' });
  });

  it('have the same tag for every compression', async () => {
    const send = await serve(create(ListGraphsResponseSchema, { nextPageToken: 'x'.repeat(3000) }));
    const tags = new Set<unknown>();
    for (const encoding of ['identity', 'gzip', 'br', 'zstd']) {
      tags.add((await send({ ...list, headers: { 'accept-encoding': encoding } })).headers.etag);
    }
    expect(tags.size).toBe(1);
  });

  it('let anyone keep what is public', async () => {
    const send = await serve(create(GetJsonWebKeysResponseSchema));
    const { headers } = await send({ method: 'GET', path: '/.well-known/jwks.json' });
    expect(headers['cache-control']).toBe('no-cache');
  });

  it('are for GET: a write has no tag, and its conditions are not known', async () => {
    const send = await serve(create(ExecuteResponseSchema, { revision: '3.42' }));
    const headers = { 'content-type': 'application/json', 'if-match': '"x"', 'if-none-match': 'W/"3.42"' };
    const answer = await send({ method: 'POST', path: '/v1/graphs/kg_1/execute', headers, body: '{}' });
    expect([answer.status, answer.headers.etag, answer.headers['cache-control']]).toEqual([
      200,
      undefined,
      'no-store',
    ]);
  });
});

it.each([
  [undefined, false],
  ['', false],
  ['*', true],
  ['W/"a"', true],
  ['"a"', true],
  ['"b" , W/"a"', true],
  ['"b"', false],
  ['a', false],
  ['"a,b"', false],
  ['"a" garbage', true],
])('If-None-Match: %s names W/"a": %s', (header, expected) => {
  expect(isKnownTag(header, 'W/"a"')).toBe(expected);
});
