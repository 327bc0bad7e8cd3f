import { create, createRegistry, toBinary } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  GraphService,
  QueryRequestSchema,
  QueryResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { frame } from '../../mesh/framing/envelope.ts';
import { silentLog } from '../../mesh/rpc/testing.ts';
import type { ResponseSink } from '../data-path/call.ts';
import { okEnd } from '../data-path/call-end.ts';
import { MethodTable } from '../method-table.ts';
import { serveConnectGet } from './connect-get.ts';
import { createCors } from './cors.ts';
import { toRpcMethods } from './rpc-context.ts';
import { TestExchange } from './testing.ts';

const { query } = GraphService.method;
const context = { cors: createCors([]), messageBytesMax: 200, log: silentLog };
const message = toBinary(QueryRequestSchema, create(QueryRequestSchema, { graphId: 'g1', statement: 'x' }));
const answer = toBinary(QueryResponseSchema, create(QueryResponseSchema, { revision: 'r1' }));

/** What the data path was told. */
let told: (Buffer | string)[];
let sink: ResponseSink | undefined;

beforeEach(() => {
  told = [];
  sink = undefined;
});

const table = new MethodTable([GraphService]);
const methods = toRpcMethods(
  table,
  (_method, _head, given) => {
    sink = given;
    return {
      write: (chunk) => told.push(chunk) > 0,
      end: () => void told.push('end'),
      cancel: () => void told.push('cancel'),
      pause: () => {},
      resume: () => {},
    };
  },
  createRegistry(),
);

function get(parameters: Readonly<Record<string, string>> | string): TestExchange {
  const exchange = new TestExchange('GET', '/');
  const rpc = methods.find(({ method }) => method.desc === query);
  if (!rpc) throw new Error('Query is missing');
  serveConnectGet(exchange, rpc, String(new URLSearchParams(parameters)), context);
  return exchange;
}

const proto = { encoding: 'proto', base64: '1', message: Buffer.from(message).toString('base64url') };
const json = { encoding: 'json', message: '{"graphId":"g1","statement":"x"}' };

describe('a call by GET', () => {
  it.each([
    ['protobuf', proto],
    ['protobuf in padded base64', { ...proto, message: Buffer.from(message).toString('base64') }],
    ['JSON', json],
    ['JSON in base64', { ...json, base64: '1', message: Buffer.from(json.message).toString('base64url') }],
  ])('of %s goes on as one message, with its end', (_name, parameters) => {
    get(parameters);
    expect(told).toEqual([frame(message), 'end']);
  });

  it('is answered as one by POST is', async () => {
    const exchange = get(json);
    sink?.onHeaders(['x-a', '1']);
    sink?.onData(frame(answer));
    sink?.onEnd({ ...okEnd, trailers: ['x-t', '2'] });
    await expect.poll(() => exchange.hasEnded).toBe(true);
    expect([exchange.status, exchange.values('content-type')]).toEqual([200, ['application/json']]);
    expect([exchange.values('x-a'), exchange.values('trailer-x-t')]).toEqual([['1'], ['2']]);
    expect(JSON.parse(String(exchange.body))).toEqual({ revision: 'r1' });
  });

  it('looks at no body', () => {
    const exchange = get(json);
    exchange.reader?.onChunk(Buffer.from('{}'));
    exchange.reader?.onEnd();
    expect(told).toEqual([frame(message), 'end']);
  });

  it.each([
    ['has another encoding', { ...json, encoding: 'xml' }, 400, 'invalid_argument'],
    ['has none', '', 400, 'invalid_argument'],
    ['has no message', { encoding: 'json' }, 400, 'invalid_argument'],
    ['is of another version', { ...json, connect: 'v2' }, 400, 'invalid_argument'],
    ['is no JSON', { ...json, message: '{' }, 400, 'invalid_argument'],
    [
      'is too large',
      { ...json, message: JSON.stringify({ graphId: 'g'.repeat(200) }) },
      429,
      'resource_exhausted',
    ],
    ['is compressed in a way nobody knows', { ...json, compression: 'snappy' }, 501, 'unimplemented'],
    ['is not compressed as it says', { ...proto, compression: 'gzip' }, 400, 'invalid_argument'],
  ])('that %s is refused, and nothing of it is sent', (_name, parameters, status, code) => {
    const exchange = get(parameters);
    expect([exchange.status, JSON.parse(String(exchange.body)).code]).toEqual([status, code]);
    expect(told).toEqual(['cancel']);
  });
});
