import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { RandomBytes } from '../../mesh/credential/api-key.ts';

const prefix = 'trr_';
const pattern = /^trr_[0-9A-Za-z_-]{43}$/;

/** How long a used token still answers with its successor, for clients whose calls raced. */
export const refreshGraceMs = 10_000;

/** The first token of a session: 256 random bits. */
export function generateRefreshToken(random: RandomBytes = randomBytes): string {
  return prefix + Buffer.from(random(32)).toString('base64url');
}

/**
 * The token that follows one. Derived and not drawn, so that racing calls with one token get one successor: a
 * session never has two good tokens, and reuse after the race shows. Without the key no token follows from another.
 */
export function toSuccessor(token: string, key: Uint8Array): string {
  return prefix + createHmac('sha256', key).update(token).digest('base64url');
}

/** The token at rest. It has 256 random bits, so a plain hash cannot be searched. */
export function hashRefreshToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** True where a text has the form of a refresh token. */
export function isRefreshToken(text: string): boolean {
  return pattern.test(text);
}

/** What is known of a presented token: its own state and its session's. */
export interface RefreshTokenState {
  readonly expireTime: Date;
  readonly useTime: Date | null;
  readonly sessionEndTime: Date | null;
}

/** What becomes of a presented token. `reused` ends the session. */
export type RefreshVerdict = 'fresh' | 'raced' | 'reused' | 'expired' | 'ended';

/** Judges a presented token. */
export function judgeRefreshToken(token: RefreshTokenState, nowMs: number): RefreshVerdict {
  if (token.sessionEndTime) return 'ended';
  if (token.expireTime.getTime() <= nowMs) return 'expired';
  if (!token.useTime) return 'fresh';
  return nowMs - token.useTime.getTime() <= refreshGraceMs ? 'raced' : 'reused';
}
