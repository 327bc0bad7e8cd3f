import { create, type Message, toBinary } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpBody, HttpBodySchema } from '../../../gen/google/api/httpbody_pb.js';
import type { Forward } from '../inbound-call.ts';
import { createTestService, type TestMethod } from './test-service.ts';
import { startRestServer, type TestServer } from './testing.ts';

const httpBody = '.google.api.HttpBody';
const jsonHeaders = { 'content-type': 'application/json' };

let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Serves one method and answers with the messages, or with its requests. */
async function serve(
  method: Omit<TestMethod, 'name'>,
  messages?: (request: Message) => Message[],
  error?: unknown,
) {
  const requests: Message[] = [];
  const forward: Forward = async function* (_method, incoming) {
    for await (const request of incoming) {
      requests.push(request);
      yield* messages?.(request) ?? [request];
    }
    if (error) throw error;
  };
  const services = [createTestService([{ name: 'Do', ...method }])];
  server = await startRestServer('http1', { services, forward });
  return { send: server.send, requests };
}

function file(contentType: string, data: string): HttpBody {
  return create(HttpBodySchema, { contentType, data: Buffer.from(data) });
}

describe('forms of bodies', () => {
  it('a body of one field leaves the other fields to the path and the query', async () => {
    const rule = { pattern: { case: 'post', value: '/v1/{name}' }, body: 'inner' } as const;
    const { send } = await serve({ rule });
    const request = { method: 'POST', path: '/v1/a?size=3&tags=x&tags=y', headers: jsonHeaders };
    const answer = await send({ ...request, body: '{"name":"b"}' });
    expect(answer.json()).toEqual({
      name: 'a',
      tags: ['x', 'y'],
      inner: { name: 'b', tags: [], size: 0 },
      size: 3,
    });
    const refused = await send({ ...request, path: '/v1/a?inner.name=x', body: '{}' });
    expect(refused.json()).toMatchObject({
      error: { message: 'inner.name: is given by the path or the body' },
    });
    expect((await send({ ...request, body: '{"nope":1}' })).json()).toMatchObject({
      error: { message: 'inner: unknown field "nope"' },
    });
  });

  it('a body of a repeated field is an array, and so is a response body', async () => {
    const rule = { pattern: { case: 'put', value: '/v1' }, body: 'tags', responseBody: 'tags' } as const;
    const { send } = await serve({ rule });
    const request = { method: 'PUT', path: '/v1', headers: jsonHeaders };
    expect((await send({ ...request, body: '["a","b"]' })).json()).toEqual(['a', 'b']);
    expect((await send({ ...request, body: '["a",1]' })).json()).toMatchObject({
      error: { message: 'tags[1]: must be a string, not a number' },
    });
  });

  it('a response body that is not set is null', async () => {
    const { send } = await serve({ rule: { pattern: { case: 'get', value: '/v1' }, responseBody: 'inner' } });
    expect((await send({ method: 'GET', path: '/v1' })).json()).toBeNull();
  });

  it('HttpBody in a field of a unary method is the bytes and their type', async () => {
    const rule = {
      pattern: { case: 'post', value: '/v1/{name}' },
      body: 'file',
      responseBody: 'file',
    } as const;
    const { send, requests } = await serve({ rule });
    const headers = { 'content-type': 'image/png' };
    const answer = await send({ method: 'POST', path: '/v1/a?size=1', headers, body: 'PNG' });
    expect(requests).toMatchObject([{ name: 'a', size: 1, file: { contentType: 'image/png' } }]);
    expect([answer.headers['content-type'], answer.body.toString()]).toEqual(['image/png', 'PNG']);
  });

  it('HttpBody as request and response is the bytes and their type', async () => {
    const rule = { pattern: { case: 'post', value: '/v1' }, body: '*' } as const;
    const { send, requests } = await serve({ rule, input: httpBody, output: httpBody });
    const answer = await send({
      method: 'POST',
      path: '/v1',
      headers: { 'content-type': 'text/x' },
      body: 'abc',
    });
    expect([answer.headers['content-type'], answer.body.toString()]).toEqual(['text/x', 'abc']);
    expect(toBinary(HttpBodySchema, requests[0] as HttpBody)).toEqual(
      toBinary(HttpBodySchema, file('text/x', 'abc')),
    );
  });

  it('a stream of HttpBody is its bytes one after the other', async () => {
    const rule = { pattern: { case: 'get', value: '/v1' } } as const;
    const parts = [file('text/csv', 'a,b\n'), file('', '1,2\n')];
    const { send } = await serve({ rule, output: httpBody, givesStream: true }, () => parts);
    const answer = await send({ method: 'GET', path: '/v1' });
    expect([answer.headers['content-type'], answer.body.toString()]).toEqual(['text/csv', 'a,b\n1,2\n']);
  });

  it('a stream of HttpBody that fails is cut, because nothing in it can say so', async () => {
    const rule = { pattern: { case: 'get', value: '/v1' } } as const;
    const parts = () => [file('text/csv', 'a,b\n')];
    const { send } = await serve({ rule, output: httpBody, givesStream: true }, parts, new Error('boom'));
    await expect(send({ method: 'GET', path: '/v1' })).rejects.toThrow();
  });
});
