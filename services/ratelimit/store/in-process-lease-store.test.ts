import { describe, expect, it } from 'vitest';
import { InProcessLeaseStore } from './in-process-lease-store.ts';
import { describeLeaseStore } from './lease-store.contract.ts';
import { leaseMicros } from './lease-store.ts';

function openStore(bucketsMax?: number) {
  let nowMicros = 1_700_000_000_000_000;
  let ids = 0;
  const store = new InProcessLeaseStore({
    nowMicros: () => nowMicros,
    createId: (prefix) => `${prefix}_${++ids}`,
    ...(bucketsMax !== undefined && { bucketsMax }),
  });
  const advance = async (micros: number) => {
    nowMicros += micros;
  };
  return { store, advance, close: async () => {} };
}

describeLeaseStore('InProcessLeaseStore', async () => openStore());

describe('InProcessLeaseStore', () => {
  it('forgets buckets that are full again', async () => {
    const { store, advance } = openStore();
    for (let i = 0; i < 100; i++) await store.acquire(`b${i}`, 60, 1);
    expect(store.size).toBe(100);
    await advance(leaseMicros + 1_000_000);
    for (let i = 0; i < 60; i++) await store.acquire('other', 60, 1);
    expect(store.size).toBe(1);
  });

  it('never keeps more buckets than it may, and forgets no drained one to make place', async () => {
    const { store, advance } = openStore(3);
    for (let i = 0; i < 3; i++) await store.acquire(`b${i}`, 1, 1);
    expect(await store.acquire('b3', 1, 1)).toMatchObject({ tokens: 0, retryAfterMicros: 1_000_000 });
    expect(await store.acquire('b0', 1, 1)).toMatchObject({ tokens: 0 });
    expect(store.size).toBe(3);
    await advance(leaseMicros + 60_000_000);
    expect(await store.acquire('b3', 1, 1)).toMatchObject({ tokens: 1 });
  });

  it('stands still when its clock goes back', async () => {
    const { store, advance } = openStore();
    for (let i = 0; i < 2; i++) await store.release((await store.acquire('b', 2, 1)).leaseId, 0);
    await advance(-3_600_000_000);
    expect(await store.acquire('b', 2, 1)).toMatchObject({ tokens: 0, retryAfterMicros: 30_000_000 });
  });
});
