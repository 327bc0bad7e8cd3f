import { describe, expect, it } from 'vitest';
import { LimitCategory, LimitCategorySchema } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { findLimit, limitedCategories, limitMax } from './limit-table.ts';

describe('findLimit', () => {
  const of = (plan: string) => ({ principalId: 'key_1', plan });

  it('has a limit for every category of the contract', () => {
    const numbers = LimitCategorySchema.values.map((value) => value.number).filter((number) => number !== 0);
    expect(limitedCategories).toEqual(numbers);
  });

  it('gives each plan its column', () => {
    const limits = ['free', 'standard', 'enterprise', 'premium'].map((plan) =>
      findLimit(of(plan), LimitCategory.GRAPH_QUERY, 1),
    );
    expect(limits).toEqual([20, 60, 300, 3_000]);
  });

  it.each(['', 'gold', 'toString', '__proto__'])('treats the unknown plan %j as free', (plan) => {
    expect(findLimit(of(plan), LimitCategory.STATUS, 1)).toBe(120);
  });

  it('gives an address all of free for AUTH, which knows no other callers', () => {
    expect(findLimit({ address: '10.0.0.1' }, LimitCategory.AUTH, 1)).toBe(10);
  });

  it('gives an address a tenth of free for all else, and at least one', () => {
    expect(findLimit({ address: '10.0.0.1' }, LimitCategory.STATUS, 1)).toBe(12);
    expect(findLimit({ address: '10.0.0.1' }, LimitCategory.STREAM, 1)).toBe(1);
    expect(findLimit({ address: '10.0.0.1' }, LimitCategory.AI, 1)).toBe(1);
  });

  it('multiplies every limit by the scale, and keeps it at least one and exact', () => {
    expect(findLimit(of('premium'), LimitCategory.AUTH, 2.5)).toBe(250);
    expect(findLimit({ address: '10.0.0.1' }, LimitCategory.AI, 1_000)).toBe(1_000);
    expect(findLimit(of('free'), LimitCategory.AI, 0.001)).toBe(1);
    expect(findLimit(of('premium'), LimitCategory.STATUS, 1e12)).toBe(limitMax);
  });
});
