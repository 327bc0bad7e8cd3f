import { describe, expect, it } from 'vitest';
import { silentLog } from '../../mesh/rpc/testing.ts';
import { createCors } from './cors.ts';
import { parseMediaType } from './media-type.ts';
import { TestExchange } from './testing.ts';
import { refuseUnknownMethod } from './unknown-method.ts';

const context = { cors: createCors(['*']), messageBytesMax: 1_000, log: silentLog };
const call = (type: string, headers: Readonly<Record<string, string>> = {}) => {
  const exchange = new TestExchange('POST', '/x.Y/Z', { 'content-type': type, ...headers });
  const isRefused = refuseUnknownMethod(exchange, parseMediaType(type), context);
  return { exchange, isRefused };
};

describe('a method that does not exist', () => {
  it.each([
    'application/grpc',
    'application/grpc+proto',
    'application/grpc-web+proto',
    'application/grpc-web-text',
  ])('is UNIMPLEMENTED in the one head over %s', (type) => {
    const { exchange, isRefused } = call(type, { 'x-request-id': 'mine-1' });
    expect([isRefused, exchange.status, exchange.isWhole]).toEqual([true, 200, true]);
    expect(exchange.values('content-type')).toEqual([type]);
    expect(exchange.values('grpc-status')).toEqual(['12']);
    expect(exchange.values('x-request-id')).toEqual(['mine-1']);
    expect(exchange.values('grpc-status-details-bin')).toHaveLength(1);
  });

  it('can be read by a page of another origin', () => {
    const { exchange } = call('application/grpc-web', { origin: 'https://app.example' });
    expect(exchange.values('access-control-allow-origin')).toEqual(['*']);
  });

  it('is refused for that, whatever else is wrong', () => {
    expect(call('application/grpc', { 'grpc-timeout': 'soon' }).exchange.values('grpc-status')).toEqual([
      '12',
    ]);
  });

  it('is written without what a header cannot hold', () => {
    const exchange = new TestExchange('POST', '/x.Y/ü\r\n%', { 'content-type': 'application/grpc' });
    refuseUnknownMethod(exchange, parseMediaType('application/grpc'), context);
    expect(exchange.values('grpc-message')).toEqual(['no method /x.Y/%C3%BC%0D%0A%25']);
  });

  it.each(['application/json', 'application/proto', 'application/connect+json', 'text/plain'])(
    'is for somebody else to answer over %s',
    (type) => {
      const { exchange, isRefused } = call(type);
      expect([isRefused, exchange.hasResponded]).toEqual([false, false]);
    },
  );
});
