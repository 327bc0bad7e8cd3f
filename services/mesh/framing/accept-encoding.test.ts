import { describe, expect, it } from 'vitest';
import { fc } from '../properties.testing.ts';
import { negotiate } from './accept-encoding.ts';
import { acceptEncoding, type Compression, compressions } from './compression.ts';

describe('negotiate', () => {
  it.each<[string | undefined, Compression]>([
    [undefined, 'identity'],
    ['', 'identity'],
    ['identity', 'identity'],
    ['snappy', 'identity'],
    ['gzip', 'gzip'],
    [' GZIP ; Q=1 ', 'gzip'],
    // Between equals the server's order decides, and identity goes last.
    ['identity,deflate,gzip', 'gzip'],
    ['br, gzip', 'gzip'],
    ['zstd, br', 'br'],
    ['*', 'gzip'],
    ['gzip;q=0.5, br;q=0.8', 'br'],
    ['gzip;q=0.001', 'gzip'],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=1, gzip;q=0.5', 'identity'],
    ['gzip;q=0.5, *;q=0.9', 'br'],
    // Refusals.
    ['gzip;q=0', 'identity'],
    ['gzip;q=0.000, br', 'br'],
    ['*;q=0', 'identity'],
    ['gzip;q=0, *', 'br'],
    ['br;q=0.1, *;q=0', 'br'],
    ['identity;q=0', 'identity'],
    ['identity;q=0, zstd;q=0.1', 'zstd'],
    // What is not a weight refuses.
    ['gzip;q=2', 'identity'],
    ['gzip;q=-1', 'identity'],
    ['gzip;q=', 'identity'],
    ['gzip;q=1e-1, br;q=0.1', 'br'],
    ['gzip;q=0.1234', 'identity'],
    [',,;q=1,gzip', 'gzip'],
  ])('%j → %s', (accepted, expected) => {
    expect(negotiate(accepted, compressions)).toBe(expected);
  });

  it('gives only what is supported', () => {
    expect(negotiate(acceptEncoding, ['br', 'identity'])).toBe('br');
    expect(negotiate(acceptEncoding, ['identity'])).toBe('identity');
    expect(negotiate('gzip', ['br'])).toBe('identity');
  });

  it('never gives what was refused by name, for any header', () => {
    const element = fc.record({
      name: fc.constantFrom(...compressions, '*', 'snappy'),
      weight: fc.constantFrom('', ';q=0', ';q=0.2', ';q=1', ';q=x'),
    });
    fc.assert(
      fc.property(fc.uniqueArray(element, { selector: ({ name }) => name }), (elements) => {
        const chosen = negotiate(elements.map(({ name, weight }) => name + weight).join(','), compressions);
        if (chosen === 'identity') return;
        const named =
          elements.find(({ name }) => name === chosen) ?? elements.find(({ name }) => name === '*');
        expect(['', ';q=0.2', ';q=1']).toContain(named?.weight);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
