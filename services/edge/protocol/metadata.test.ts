import { describe, expect, it } from 'vitest';
import { toMetadata } from './metadata.ts';

describe('the metadata of a call', () => {
  it('is what its client added, in order, repeated ones apart', () => {
    const fields = ['x-b', '1', 'k-bin', 'AAE=', 'x-a', '2', 'x-b', '3', 'k-bin', 'AAE'];
    expect(toMetadata([':path', '/x', 'content-type', 'application/grpc', ...fields])).toEqual(fields);
  });

  it.each([
    ...[':authority', 'host', 'connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
    ...['content-type', 'content-length', 'content-encoding', 'accept-encoding', 'user-agent', 'expect'],
    ...['authorization', 'x-api-key', 'cookie', 'proxy-authorization', 'proxy-connection'],
    ...['grpc-timeout', 'grpc-anything', 'connect-timeout-ms', 'connect-anything', 'x-request-timeout'],
    ...['x-trellis-assertion', 'x-trellis-anything', 'x-request-id', 'traceparent', 'tracestate'],
    ...['x-forwarded-for', 'x-forwarded-anything', 'forwarded', 'x-real-ip', 'via'],
    ...['origin', 'referer', 'sec-fetch-mode', 'access-control-request-method'],
  ])('has no %s', (name) => {
    expect(toMetadata([name, 'value'])).toEqual([]);
    // Also when it is remembered.
    expect(toMetadata([name, 'value'])).toEqual([]);
  });

  it.each(['x-trellis', 'grpcish', 'x-forward', 'security', 'x-authorization'])('has %s', (name) => {
    expect(toMetadata([name, 'value'])).toEqual([name, 'value']);
  });

  it('has nothing that a Connection field names, whatever its case and place', () => {
    const hop = ['x-hop', '1', 'connection', 'keep-alive, X-Hop', 'x-end', '2', 'connection', 'x-other'];
    expect(toMetadata([...hop, 'x-other', '3', 'x-hop', '4'])).toEqual(['x-end', '2']);
  });

  it('is told right also for more names than are remembered', () => {
    for (let i = 0; i < 2_000; i++)
      expect(toMetadata([`x-${i}`, 'a', `grpc-${i}`, 'b'])).toEqual([`x-${i}`, 'a']);
  });
});
