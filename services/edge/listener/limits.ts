import type { Fields } from './exchange.ts';

/** What clients may hold, how long they may take, and how often we look. Each has a default. */
export interface ListenerLimits {
  /** How long the first bytes of a connection may take, and a TLS handshake. */
  readonly firstBytesMs: number;
  /** How often it is looked whether the certificate on disk is another one. */
  readonly certificateCheckMs: number;
  /** How long the head of an HTTP/1.1 request may take. */
  readonly headMs: number;
  /** How long a body may make no progress, nor its answer, while nobody holds it back. */
  readonly bodyIdleMs: number;
  /** How long a connection may have no call under way. */
  readonly idleMs: number;
  /** How old a connection may get, give or take a tenth, before its client is told to open another one. */
  readonly maxConnectionMs: number;
  /** How many connections may be open; further ones are closed at once. */
  readonly connectionsMax: number;
  /** How many connections one client address may have open; further ones are closed at once. */
  readonly connectionsPerAddressMax: number;
  /** How many calls a connection may have under way; further ones are refused. HTTP/1.1: always one. */
  readonly streamsPerConnectionMax: number;
  /** How many calls without an answer, or SETTINGS, a client may cancel or send in a second. */
  readonly resetsPerSecondMax: number;
}

export const defaultLimits: ListenerLimits = {
  firstBytesMs: 10_000,
  certificateCheckMs: 5_000,
  headMs: 10_000,
  bodyIdleMs: 30_000,
  idleMs: 300_000,
  maxConnectionMs: 3_600_000,
  connectionsMax: 20_000,
  connectionsPerAddressMax: 1_000,
  streamsPerConnectionMax: 250,
  resetsPerSecondMax: 200,
};

/** What a head may have, names and values together. */
export const headerBytesMax = 16 * 2 ** 10;

/** As Node's parser of HTTP/1.1 counts; HTTP/2's own count has 32 bytes more per field, a matter of its tables. */
export function headerBytesOf(fields: Fields): number {
  let bytes = 0;
  for (const text of fields) bytes += text.length;
  return bytes;
}

/** How often it is looked who is idle or slow: often enough for the shortest of these times. */
export function sweepMsOf({ bodyIdleMs, idleMs, maxConnectionMs }: ListenerLimits): number {
  return Math.max(5, Math.min(5_000, bodyIdleMs / 4, idleMs / 4, maxConnectionMs / 4));
}
