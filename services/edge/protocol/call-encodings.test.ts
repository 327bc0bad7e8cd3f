import { describe, expect, it } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { readEncodings } from './call-encodings.ts';
import type { ProtocolName } from './media-type.ts';
import { TestExchange } from './testing.ts';

const read = (protocol: ProtocolName, headers: Readonly<Record<string, string>>) =>
  readEncodings(new TestExchange('POST', '/', headers), protocol);
const all = 'gzip,br,zstd,deflate,identity';

describe('the compression of a call', () => {
  it.each<[ProtocolName, string, string]>([
    ['grpc', 'grpc-encoding', 'grpc-accept-encoding'],
    ['grpc-web', 'grpc-encoding', 'grpc-accept-encoding'],
    ['connect-stream', 'connect-content-encoding', 'connect-accept-encoding'],
    ['connect', 'content-encoding', 'accept-encoding'],
  ])('over %s is said by %s and %s', (protocol, sent, accepted) => {
    const { request, response, error } = read(protocol, { [sent]: 'br', [accepted]: 'gzip' });
    expect([request, response, error]).toEqual(['br', 'gzip', undefined]);
  });

  it.each<[ProtocolName]>([['grpc'], ['grpc-web'], ['connect-stream'], ['connect']])(
    'over %s is none where nothing is said, or by the fields of the others',
    (protocol) => {
      const others = { 'x-encoding': 'gzip', ...(protocol !== 'connect' && { 'content-encoding': 'gzip' }) };
      expect(read(protocol, others)).toMatchObject({ request: 'identity', response: 'identity', fields: [] });
    },
  );

  it('is none in an answer to a gRPC client that does not compress itself', () => {
    expect(read('grpc', { 'grpc-accept-encoding': 'gzip' })).toMatchObject({
      response: 'identity',
      fields: [],
    });
    expect(read('grpc', { 'grpc-encoding': 'gzip', 'grpc-accept-encoding': 'gzip' })).toMatchObject({
      response: 'gzip',
      fields: ['grpc-accept-encoding', all, 'grpc-encoding', 'gzip'],
    });
  });

  it('is what a Connect client likes best', () => {
    const { response, fields } = read('connect-stream', { 'connect-accept-encoding': 'gzip;q=0.1, zstd' });
    expect(response).toBe('zstd');
    expect(fields).toEqual(['connect-accept-encoding', all, 'connect-content-encoding', 'zstd']);
  });

  it('makes answers of Connect differ, which caches must know', () => {
    expect(read('connect', { 'accept-encoding': 'gzip' }).fields).toEqual(['vary', 'accept-encoding']);
  });

  it.each<[ProtocolName, string, string]>([
    ['grpc', 'grpc-encoding', 'grpc-accept-encoding'],
    ['connect-stream', 'connect-content-encoding', 'connect-accept-encoding'],
    ['connect', 'content-encoding', 'accept-encoding'],
  ])('over %s that is not known is an error, with those that are', (protocol, sent, accepted) => {
    const { error, fields, request } = read(protocol, { [sent]: 'snappy' });
    expect([error?.code, request]).toEqual([Code.UNIMPLEMENTED, 'identity']);
    expect(fields).toEqual([accepted, all]);
  });
});
