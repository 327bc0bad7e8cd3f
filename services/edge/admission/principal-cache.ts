import { createHash } from 'node:crypto';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { LRUCache } from 'lru-cache';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Principal } from '../../../gen/trellis/iam/v1/principal_pb.js';
import type { Caller } from '../../mesh/rpc/context.ts';
import { RpcError, rpcError } from '../../mesh/rpc/error.ts';
import { type Credential, parseCredential } from './credential.ts';

/** Younger snapshots are used as they are; older ones too, but asked for again. */
const freshMs = 10_000;
/** Older snapshots are not used. */
const boundMs = 30_000;
/** How long a refusal is remembered. */
const refusedMs = 5_000;
const entriesMax = 50_000;
/** Revocations remembered against answers that were on their way when the revocation came. */
const revokedMax = 10_000;

export interface PrincipalCacheOptions {
  /** Asks iam who is behind a credential. */
  readonly resolve: (credential: Credential) => Promise<Principal>;
  /** Signs a principal for the services behind the edge. */
  readonly sign: (principal: Principal) => Promise<Caller>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

type Entry =
  | {
      readonly caller: Caller;
      readonly credentialId: string;
      readonly sinceMs: number;
      readonly expireMs: number;
    }
  | { readonly refusal: RpcError; readonly sinceMs: number };

/** Who is behind each credential, in memory. Entries are found by a hash: the cache holds no credential. */
export class PrincipalCache {
  readonly #options: PrincipalCacheOptions;
  readonly #entries = new LRUCache<string, Entry>({ max: entriesMax });
  readonly #underWay = new Map<string, Promise<Caller>>();
  readonly #revoked = new LRUCache<string, true>({ max: revokedMax, ttl: boundMs });

  constructor(options: PrincipalCacheOptions) {
    this.#options = options;
  }

  /** The caller behind a credential. Throws CREDENTIAL_INVALID, CREDENTIAL_EXPIRED or UNAVAILABLE. */
  async identify(text: string): Promise<Caller> {
    const credential = parseCredential(text);
    const key = createHash('sha256').update(text).digest('base64');
    const entry = this.#entries.get(key);
    const nowMs = this.#options.clock();
    if (entry && 'refusal' in entry && nowMs - entry.sinceMs < refusedMs) throw entry.refusal;
    if (entry && 'caller' in entry) {
      if (nowMs >= entry.expireMs)
        throw rpcError(ErrorReason.CREDENTIAL_EXPIRED, 'the credential has expired');
      const ageMs = nowMs - entry.sinceMs;
      if (ageMs < freshMs) return entry.caller;
      if (ageMs < boundMs) {
        this.#resolveOnce(key, credential).catch(() => {
          // The snapshot stays in use up to its bound; then the failure reaches the caller.
        });
        return entry.caller;
      }
    }
    return this.#resolveOnce(key, credential);
  }

  /** Forgets everything known of revoked credentials. */
  revoke(credentialIds: readonly string[]): void {
    const revoked = new Set(credentialIds);
    if (revoked.size === 0) return;
    for (const id of revoked) this.#revoked.set(id, true);
    for (const [key, entry] of this.#entries.entries()) {
      if ('caller' in entry && revoked.has(entry.credentialId)) this.#entries.delete(key);
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
  }

  #resolveOnce(key: string, credential: Credential): Promise<Caller> {
    const underWay = this.#underWay.get(key) ?? this.#resolve(key, credential);
    this.#underWay.set(key, underWay);
    return underWay;
  }

  async #resolve(key: string, credential: Credential): Promise<Caller> {
    const sinceMs = this.#options.clock();
    try {
      const principal = await this.#options.resolve(credential);
      const { credentialId, expireTime } = principal;
      if (this.#revoked.has(credentialId)) {
        throw rpcError(ErrorReason.CREDENTIAL_INVALID, 'the credential is not valid');
      }
      const caller = await this.#options.sign(principal);
      const expireMs = expireTime ? timestampMs(expireTime) : Number.POSITIVE_INFINITY;
      this.#entries.set(key, { caller, credentialId, sinceMs, expireMs });
      return caller;
    } catch (error) {
      if (error instanceof RpcError && error.code === Code.UNAUTHENTICATED) {
        this.#entries.set(key, { refusal: error, sinceMs });
      }
      throw error;
    } finally {
      this.#underWay.delete(key);
    }
  }
}
