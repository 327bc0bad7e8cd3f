import { expect, it } from 'vitest';
import { readEdgeConfig } from './config.ts';

it('the edge listens on the loopback address where nothing is set', () => {
  expect(readEdgeConfig({})).toEqual({
    port: 8080,
    host: '127.0.0.1',
    adminPort: 9090,
    messageBytesMax: 4_194_304,
    drainMs: 5_000,
  });
});

it.each([
  ['TRELLIS_EDGE_PORT', '65536'],
  ['TRELLIS_EDGE_HOST', ' '],
  ['TRELLIS_ADMIN_PORT', '-1'],
  ['TRELLIS_EDGE_MESSAGE_BYTES', '0'],
  ['TRELLIS_EDGE_DRAIN_MS', '1.5'],
])('a bad %s stops the start by its name', (name, value) => {
  expect(() => readEdgeConfig({ [name]: value })).toThrow(name);
});
