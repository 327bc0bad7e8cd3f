import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RegistryResolver } from './registry-resolver.ts';
import { describeResolver } from './resolver.contract.ts';

describeResolver('the registry', (known) => {
  const registry = new RegistryResolver();
  for (const [service, endpoints] of known) {
    for (const endpoint of endpoints) registry.register(service, endpoint);
  }
  return registry;
});

describe('the registry', () => {
  let registry: RegistryResolver;
  /** The addresses that a watcher was told, each time. */
  let seen: string[];
  const at = (address: string, attributes = {}) => ({ address, attributes });

  beforeEach(() => {
    vi.useFakeTimers();
    registry = new RegistryResolver();
    seen = [];
    registry.watch('iam', (endpoints) => seen.push(endpoints.map(({ address }) => address).join(' ')));
    seen = [];
  });
  afterEach(async () => {
    await registry.close();
    vi.useRealTimers();
  });

  it('tells watchers of each change of their service, and of no other', () => {
    registry.register('iam', at('a:1'));
    registry.register('credit', at('c:1'));
    registry.register('iam', at('b:1'));
    registry.deregister('iam', 'a:1');
    registry.deregister('iam', 'nobody:1');
    expect(seen).toEqual(['a:1', 'a:1 b:1', 'b:1']);
  });

  it('tells a watcher that stopped nothing more', () => {
    const stopped = vi.fn();
    registry.watch('iam', stopped)();
    stopped.mockClear();
    registry.register('iam', at('a:1'));
    expect(stopped).not.toHaveBeenCalled();
  });

  it('drops an endpoint whose lease ends', async () => {
    registry.register('iam', at('a:1'), 1_000);
    vi.advanceTimersByTime(999);
    expect(await registry.resolve('iam')).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(await registry.resolve('iam')).toEqual([]);
    expect(seen).toEqual(['a:1', '']);
  });

  it('keeps an endpoint whose lease is renewed, and tells nobody', async () => {
    registry.register('iam', at('a:1'), 1_000);
    vi.advanceTimersByTime(900);
    registry.register('iam', at('a:1'), 1_000);
    vi.advanceTimersByTime(900);
    expect(await registry.resolve('iam')).toHaveLength(1);
    expect(seen).toEqual(['a:1']);
  });

  it('keeps an endpoint without a lease, also one that had one before', async () => {
    registry.register('iam', at('a:1'), 1_000);
    registry.register('iam', at('a:1'));
    vi.advanceTimersByTime(1_000_000);
    expect(await registry.resolve('iam')).toHaveLength(1);
  });

  it('tells when attributes change', async () => {
    registry.register('iam', at('a:1', { tier: 'standard' }));
    registry.register('iam', at('a:1', { tier: 'standard' }));
    registry.register('iam', at('a:1', { tier: 'large' }));
    expect(seen).toEqual(['a:1', 'a:1']);
    expect(await registry.resolve('iam')).toEqual([at('a:1', { tier: 'large' })]);
  });

  it('that is closed has no timers left', async () => {
    registry.register('iam', at('a:1'), 1_000);
    await registry.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
