import { describe, expect, it, test } from 'vitest';
import { describeResolver } from './resolver.contract.ts';
import { createStaticResolver, parseStaticEndpoints } from './static-resolver.ts';

describeResolver('a static list', createStaticResolver);

describe('a list of endpoints', () => {
  it('has each service with all its places, in order', () => {
    const endpoints = parseStaticEndpoints(' iam=10.0.0.1:7001, graph-node=host:1,iam=[::1]:65535 ,');
    expect([...endpoints]).toEqual([
      [
        'iam',
        [
          { address: '10.0.0.1:7001', attributes: {} },
          { address: '[::1]:65535', attributes: {} },
        ],
      ],
      ['graph-node', [{ address: 'host:1', attributes: {} }]],
    ]);
  });

  test.each([
    'iam',
    'iam=',
    'iam=host',
    'iam=host:',
    'iam=host:port',
    'IAM=host:1',
    '=host:1',
    'iam=host:65536',
  ])('%s is refused with how it should look', (text) => {
    expect(() => parseStaticEndpoints(text)).toThrow('must be a list such as "iam=10.0.0.1:7001');
  });
});
