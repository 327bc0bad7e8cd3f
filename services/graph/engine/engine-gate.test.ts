import { describe, expect, test } from 'vitest';
import { EngineGate, type Release } from './engine-gate.ts';
import type { CallLimits } from './graph-engine.ts';

const forever = (): CallLimits => ({ deadlineMs: Date.now() + 60_000, signal: new AbortController().signal });
const createGate = () => new EngineGate({ readsWaitingMax: 2, writesWaitingMax: 1 });

/** Enters without waiting for it, and tells when it is in. */
function entering(gate: EngineGate, lane: 'read' | 'write' | 'alone', limits = forever()) {
  const state: { release?: Release } = {};
  const entered = gate.enter(lane, limits).then((release) => {
    state.release = release;
  });
  return { state, entered };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the gate', () => {
  test('lets reads in beside each other and beside one write', async () => {
    const gate = createGate();
    await gate.enter('read', forever());
    await gate.enter('read', forever());
    const release = await gate.enter('write', forever());
    const second = entering(gate, 'write');
    await settled();
    expect(second.state.release).toBeUndefined();
    release();
    await second.entered;
    expect(second.state.release).toBeDefined();
  });

  test('lets one alone in after all have left, and nobody beside it', async () => {
    const gate = createGate();
    const read = await gate.enter('read', forever());
    const alone = entering(gate, 'alone');
    const later = entering(gate, 'read');
    await settled();
    expect([alone.state.release, later.state.release]).toEqual([undefined, undefined]);
    read();
    await alone.entered;
    await settled();
    expect(later.state.release).toBeUndefined();
    alone.state.release?.();
    await later.entered;
  });

  test('lets writes by that wait before one alone, and reads only after it', async () => {
    const gate = new EngineGate({ readsWaitingMax: 9, writesWaitingMax: 9 });
    const order: string[] = [];
    const first = await gate.enter('write', forever());
    const queue = (['write', 'alone', 'read', 'write'] as const).map((lane, index) =>
      gate.enter(lane, forever()).then((release) => {
        order.push(`${lane} ${index}`);
        release();
      }),
    );
    first();
    await Promise.all(queue);
    expect(order).toEqual(['write 0', 'alone 1', 'read 2', 'write 3']);
  });

  test('turns calls away when too many wait', async () => {
    const gate = createGate();
    const release = await gate.enter('write', forever());
    const waiting = gate.enter('write', forever());
    await expect(gate.enter('write', forever())).rejects.toMatchObject({ kind: 'busy' });
    await gate.enter('read', forever());
    release();
    await waiting;
  });

  test('lets go of those whose time is over, and of what waits behind them', async () => {
    const gate = createGate();
    await gate.enter('read', forever());
    const left = new AbortController();
    const alone = gate.enter('alone', { ...forever(), signal: left.signal });
    const read = gate.enter('read', forever());
    left.abort();
    await expect(alone).rejects.toMatchObject({ kind: 'cancelled' });
    await read;
    await expect(gate.enter('alone', { ...forever(), deadlineMs: Date.now() + 5 })).rejects.toMatchObject({
      kind: 'timeout',
    });
    await expect(gate.enter('read', { ...forever(), deadlineMs: Date.now() - 1 })).rejects.toMatchObject({
      kind: 'timeout',
    });
  });

  test('may be tried without waiting, and released twice', async () => {
    const gate = createGate();
    const read = await gate.enter('read', forever());
    expect(gate.tryEnterAlone()).toBeUndefined();
    read();
    read();
    const alone = gate.tryEnterAlone();
    expect(alone).toBeDefined();
    expect(gate.isIdle).toBe(false);
    alone?.();
    expect(gate.isIdle).toBe(true);
  });
});
