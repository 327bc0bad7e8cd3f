import { afterEach, describe, expect, it } from 'vitest';
import type { Endpoint, Resolver } from './resolver.ts';

/** What every resolver keeps. `create` makes one that knows these services. */
export function describeResolver(
  name: string,
  create: (known: ReadonlyMap<string, readonly Endpoint[]>) => Resolver,
): void {
  describe(`${name} as a resolver`, () => {
    const iam = [
      { address: '10.0.0.1:7001', attributes: { tier: 'standard' } },
      { address: '10.0.0.2:7001', attributes: {} },
    ];
    let resolver: Resolver;
    const open = () => {
      resolver = create(new Map([['iam', iam]]));
      return resolver;
    };
    afterEach(() => resolver.close());

    it('resolves a service to its endpoints with their attributes', async () => {
      expect(await open().resolve('iam')).toEqual(iam);
    });

    it('resolves a service that it does not know to none', async () => {
      expect(await open().resolve('credit')).toEqual([]);
    });

    it('tells a watcher at once what there is, also where that is nothing', () => {
      const seen: (readonly Endpoint[])[] = [];
      open().watch('iam', (endpoints) => seen.push(endpoints));
      resolver.watch('credit', (endpoints) => seen.push(endpoints));
      expect(seen).toEqual([iam, []]);
    });

    it('lets a watcher stop, more than once', () => {
      const stop = open().watch('iam', () => {});
      stop();
      stop();
    });
  });
}
