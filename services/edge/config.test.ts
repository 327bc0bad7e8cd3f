import { expect, it } from 'vitest';
import { readEdgeConfig } from './config.ts';

it('the edge listens on the loopback address where nothing is set', () => {
  expect(readEdgeConfig({})).toEqual({
    port: 8080,
    host: '127.0.0.1',
    tls: undefined,
    adminPort: 9090,
    corsOrigins: ['*'],
    messageBytesMax: 4_194_304,
    bulkPercent: 25,
    drainMs: 5_000,
  });
});

it.each([
  ['TRELLIS_EDGE_PORT', '65536'],
  ['TRELLIS_EDGE_HOST', ' '],
  ['TRELLIS_ADMIN_PORT', '-1'],
  ['TRELLIS_EDGE_MESSAGE_BYTES', '0'],
  ['TRELLIS_EDGE_BULK_PERCENT', '0'],
  ['TRELLIS_EDGE_DRAIN_MS', '1.5'],
])('a bad %s stops the start by its name', (name, value) => {
  expect(() => readEdgeConfig({ [name]: value })).toThrow(name);
});

it('the certificate and its key are set together', () => {
  const both = { TRELLIS_EDGE_TLS_CERT: 'tls.crt', TRELLIS_EDGE_TLS_KEY: 'tls.key' };
  expect(readEdgeConfig(both).tls).toEqual({ certFile: 'tls.crt', keyFile: 'tls.key' });
});

it.each(['TRELLIS_EDGE_TLS_CERT', 'TRELLIS_EDGE_TLS_KEY'])('%s alone stops the start', (name) => {
  expect(() => readEdgeConfig({ [name]: 'a-file' })).toThrow('must both be set, or neither');
});
