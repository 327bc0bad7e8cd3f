import { describe, expect, test } from 'vitest';
import {
  generateRefreshToken,
  hashRefreshToken,
  isRefreshToken,
  judgeRefreshToken,
  refreshGraceMs,
  toSuccessor,
} from './refresh-token.ts';

const key = new Uint8Array(32).fill(1);
const otherKey = new Uint8Array(32).fill(2);

describe('refresh tokens', () => {
  test('a token carries 256 random bits and has the form of one; so has its successor', () => {
    const token = generateRefreshToken((count) => new Uint8Array(count).fill(255));
    expect(token).toBe(`trr_${Buffer.alloc(32, 255).toString('base64url')}`);
    expect(isRefreshToken(token)).toBe(true);
    expect(isRefreshToken(toSuccessor(token, key))).toBe(true);
    expect(generateRefreshToken()).not.toBe(generateRefreshToken());
  });

  test.each(['', 'trr_', 'garbage', `${generateRefreshToken()}x`])('%j is no token', (text) => {
    expect(isRefreshToken(text)).toBe(false);
  });

  test('a token has one successor, which cannot be had without the key or from its hash', () => {
    const token = generateRefreshToken();
    expect(toSuccessor(token, key)).toBe(toSuccessor(token, key));
    expect(toSuccessor(token, key)).not.toBe(toSuccessor(token, otherKey));
    expect(hashRefreshToken(token)).not.toContain(token.slice(4));
    expect(hashRefreshToken(token)).not.toBe(toSuccessor(token, key).slice(4));
  });

  test.each([
    ['fresh', { useMs: null, endMs: null }, 0],
    ['fresh', { useMs: null, endMs: null }, 99_999],
    ['expired', { useMs: null, endMs: null }, 100_000],
    ['raced', { useMs: 1_000, endMs: null }, 1_000],
    ['raced', { useMs: 1_000, endMs: null }, 1_000 + refreshGraceMs],
    ['reused', { useMs: 1_000, endMs: null }, 1_001 + refreshGraceMs],
    ['expired', { useMs: 1_000, endMs: null }, 100_000],
    ['ended', { useMs: null, endMs: 5 }, 10],
    ['ended', { useMs: 1_000, endMs: 5 }, 50_000],
  ])('%s: %j at %i ms', (verdict, { useMs, endMs }, nowMs) => {
    const toDate = (ms: number | null) => (ms === null ? null : new Date(ms));
    const state = {
      expireTime: new Date(100_000),
      useTime: toDate(useMs),
      sessionEndTime: toDate(endMs),
    };
    expect(judgeRefreshToken(state, nowMs)).toBe(verdict);
  });
});
