import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http2';
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../services/edge/listener/exchange.ts';
import { closeAfterTest } from '../../services/edge/listener/testing.ts';
import { endWith, respondTrailersOnly } from '../../services/edge/upstream/http2-server.testing.ts';
import { methodPath } from '../../services/mesh/policy/method-policy.ts';
import { ask, type Edge, envelopes, exchange, query, reply, startEdge, valuesOf } from './testing.ts';

const answer = reply(query, { revision: 'r1' });
const protocols = [
  ['gRPC', 'application/grpc+proto', ask],
  ['gRPC-Web', 'application/grpc-web+proto', ask],
  ['Connect', 'application/proto', ask.subarray(5)],
] as const;

/** Values of `-bin` fields as clients write them: with padding and without, several in one field. */
const sent = [
  'x-a',
  '1',
  'k-bin',
  'AAECAw==',
  'x-b',
  'b',
  'x-a',
  '2',
  'k-bin',
  'AAECAw',
  'x-a',
  '3,4',
  'k-bin',
  '',
];

/** What edges and connections say, which is nobody else's to say or to hear. */
const own: Fields = [
  ...['x-trellis-assertion', 'forged-1', 'x-trellis-client-address', 'forged-2', 'x-trellis-any', 'forged-3'],
  ...['x-forwarded-for', 'forged-4', 'x-forwarded-host', 'forged-5', 'forwarded', 'for=forged-6'],
  ...[
    'x-real-ip',
    'forged-7',
    'via',
    'forged-8',
    'authorization',
    'Bearer secret-1',
    'x-api-key',
    'secret-2',
  ],
  ...['cookie', 'secret=3', 'proxy-authorization', 'secret-4', 'user-agent', 'secret-5', 'expect', ''],
  ...['grpc-encoding', 'identity', 'grpc-tags-bin', 'secret-6', 'connect-any', 'secret-7'],
  ...['origin', 'https://secret-8', 'referer', 'secret-9', 'sec-fetch-mode', 'secret-10'],
];

async function fieldsAtService(edge: Edge): Promise<Fields> {
  return (await edge.upstream.next()).fields;
}

const ok = (stream: Parameters<typeof respondTrailersOnly>[0]) =>
  endWith(stream, { 'grpc-status': '0' }, answer);

describe.each(protocols)('metadata over %s', (_name, type, body) => {
  it('comes to the service as it was sent: padded or not, repeated, in order', async () => {
    const edge = await startEdge(ok);
    await exchange(edge, { method: query, type, fields: sent }, body);
    const fields = await fieldsAtService(edge);
    for (const name of ['x-a', 'k-bin', 'x-b']) expect(valuesOf(fields, name)).toEqual(valuesOf(sent, name));
  });

  it('cannot say what only the edge may say, nor what belongs to one hop', async () => {
    const edge = await startEdge(ok);
    const fields = own.filter((_text, index) => own[index - (index % 2)] !== 'expect');
    const whole = await exchange(edge, { method: query, type, fields }, body);
    expect(whole.fields[':status']).toBe(200);
    const text = JSON.stringify(await fieldsAtService(edge));
    expect(text).not.toMatch(/forged|secret/);
  });

  it('comes back as the service sent it: padded or not, repeated, in order', async () => {
    const edge = await startEdge((stream) => {
      const head = [':status', '200', 'content-type', 'application/grpc+proto', ...sent];
      stream.respond(head as unknown as OutgoingHttpHeaders, { waitForTrailers: true });
      stream.on('wantTrailers', () =>
        stream.sendTrailers({ 'grpc-status': '0', 't-bin': ['AAECAw==', 'AAECAw'], 'x-t': ['1', '2'] }),
      );
      stream.end(answer);
    });
    const whole = await exchange(edge, { method: query, type }, body);
    for (const name of ['x-a', 'k-bin', 'x-b'])
      expect(valuesOf(whole.raw, name)).toEqual(valuesOf(sent, name));
    const last = String(envelopes(whole.body).at(-1)?.payload);
    if (type.includes('web')) {
      expect(last).toBe('grpc-status: 0\r\nt-bin: AAECAw==\r\nt-bin: AAECAw\r\nx-t: 1\r\nx-t: 2\r\n');
      return;
    }
    const prefix = type === 'application/proto' ? 'trailer-' : '';
    const fields = prefix ? whole.raw : whole.rawTrailers;
    expect(valuesOf(fields, `${prefix}t-bin`)).toEqual(['AAECAw==', 'AAECAw']);
    expect(valuesOf(fields, `${prefix}x-t`)).toEqual(['1', '2']);
  });

  it('of a service has nothing that is the mesh’s own, nor of its connection', async () => {
    const edge = await startEdge((stream) =>
      respondTrailersOnly(stream, {
        'grpc-status': '5',
        'x-trellis-secret': 'secret-1',
        'grpc-previous-rpc-attempts': 'secret-2',
        date: 'secret-3',
        trailer: 'secret-4',
      }),
    );
    const whole = await exchange(edge, { method: query, type }, body);
    expect(JSON.stringify([whole.raw, String(whole.body)])).not.toContain('secret');
  });
});

it('a service hears from the edge who asks, and where from', async () => {
  const edge = await startEdge(ok);
  await exchange(edge, { method: query, type: 'application/grpc+proto', fields: own.slice(0, 4) }, ask);
  const fields = await fieldsAtService(edge);
  expect(valuesOf(fields, 'x-trellis-client-address')).toEqual(['127.0.0.1']);
  expect(valuesOf(fields, 'x-trellis-assertion')).toEqual(['none']);
});

it('what a connection of HTTP/1.1 says of itself ends at the edge, with the fields that it names', async () => {
  const edge = await startEdge(ok);
  const headers = {
    'content-type': 'application/grpc-web+proto',
    connection: 'keep-alive, X-Hop',
    'keep-alive': 'timeout=secret-1',
    'proxy-connection': 'secret-2',
    te: 'trailers',
    'x-hop': 'secret-3',
    'x-end': 'kept',
  };
  const path = methodPath(query);
  const request = httpRequest({ port: edge.port, method: 'POST', path, headers });
  closeAfterTest(() => request.destroy());
  request.end(ask);
  const [response] = await once(request, 'response');
  response.resume();
  const fields = await fieldsAtService(edge);
  expect(JSON.stringify(fields)).not.toContain('secret');
  expect(valuesOf(fields, 'x-end')).toEqual(['kept']);
});
