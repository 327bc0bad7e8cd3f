import { expect, test } from 'vitest';
import { readCatalogConfig } from './config.ts';

test('without an environment the lease is 10 s', () => {
  expect(readCatalogConfig({}).leaseMs).toBe(10_000);
});

test.each([
  ['TRELLIS_CATALOG_LEASE_MS', '10s'],
  ['TRELLIS_CATALOG_WATCH_PENDING_MAX', '0'],
])('a bad %s stops the start and is named', (name, value) => {
  expect(() => readCatalogConfig({ [name]: value })).toThrow(name);
});
