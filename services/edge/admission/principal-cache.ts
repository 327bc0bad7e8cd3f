import { hash } from 'node:crypto';
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
/** Fewer, and apart from the snapshots: made-up credentials push nobody out. */
const refusalsMax = 10_000;
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

interface Snapshot {
  readonly caller: Caller;
  readonly credentialId: string;
  readonly sinceMs: number;
  readonly expireMs: number;
}

interface Refusal {
  readonly error: RpcError;
  readonly sinceMs: number;
}

/** Who is behind each credential, in memory. Entries are found by a hash: the cache holds no credential. */
export class PrincipalCache {
  readonly #options: PrincipalCacheOptions;
  readonly #snapshots = new LRUCache<string, Snapshot>({ max: entriesMax });
  readonly #refusals = new LRUCache<string, Refusal>({ max: refusalsMax });
  #underWay = new Map<string, Promise<Caller>>();
  readonly #revoked = new LRUCache<string, true>({ max: revokedMax, ttl: boundMs });
  /** The number of the latest change of an organization, against answers from before it. */
  readonly #changed = new LRUCache<string, number>({ max: revokedMax, ttl: boundMs });
  #changes = 0;

  constructor(options: PrincipalCacheOptions) {
    this.#options = options;
  }

  /** The caller behind a credential. Throws CREDENTIAL_INVALID, CREDENTIAL_EXPIRED or UNAVAILABLE. */
  async identify(text: string): Promise<Caller> {
    const key = hash('sha256', text, 'base64');
    const nowMs = this.#options.clock();
    const refusal = this.#refusals.get(key);
    if (refusal && nowMs - refusal.sinceMs < refusedMs) throw refusal.error;
    const snapshot = this.#snapshots.get(key);
    const ageMs = snapshot ? nowMs - snapshot.sinceMs : boundMs;
    if (!snapshot || ageMs >= boundMs) return this.#resolveOnce(key, parseCredential(text));
    if (nowMs >= snapshot.expireMs)
      throw rpcError(ErrorReason.CREDENTIAL_EXPIRED, 'the credential has expired');
    if (ageMs >= freshMs) {
      this.#resolveOnce(key, parseCredential(text)).catch(() => {
        // The snapshot stays in use up to its bound; then the failure reaches the caller.
      });
    }
    return snapshot.caller;
  }

  /** Forgets everything known of revoked credentials. */
  revoke(credentialIds: readonly string[]): void {
    const revoked = new Set(credentialIds);
    if (revoked.size === 0) return;
    for (const id of revoked) this.#revoked.set(id, true);
    for (const [key, { credentialId }] of this.#snapshots.entries()) {
      if (revoked.has(credentialId)) this.#snapshots.delete(key);
    }
  }

  /** Forgets the principals of organizations that have changed. An answer that is on its way is asked for again. */
  forgetOrganizations(organizationIds: readonly string[]): void {
    const changed = new Set(organizationIds);
    if (changed.size === 0) return;
    this.#changes++;
    for (const id of changed) this.#changed.set(id, this.#changes);
    for (const [key, { caller }] of this.#snapshots.entries()) {
      if (changed.has(caller.principal?.organizationId ?? '')) this.#snapshots.delete(key);
    }
  }

  /** Forgets everything. An answer that is on its way is for those who wait for it, and not kept. */
  clear(): void {
    this.#snapshots.clear();
    this.#refusals.clear();
    this.#underWay = new Map();
  }

  #resolveOnce(key: string, credential: Credential): Promise<Caller> {
    const underWay = this.#underWay.get(key) ?? this.#resolve(key, credential, this.#underWay);
    this.#underWay.set(key, underWay);
    return underWay;
  }

  async #resolve(key: string, credential: Credential, flight: Map<string, unknown>): Promise<Caller> {
    const sinceMs = this.#options.clock();
    try {
      const { principal, caller } = await this.#ask(credential);
      const { credentialId, expireTime } = principal;
      // Looked at last: the revocation may have come while the answer was on its way or being signed.
      if (this.#revoked.has(credentialId)) {
        throw rpcError(ErrorReason.CREDENTIAL_INVALID, 'the credential is not valid');
      }
      const expireMs = expireTime ? timestampMs(expireTime) : Number.POSITIVE_INFINITY;
      if (flight === this.#underWay) this.#snapshots.set(key, { caller, credentialId, sinceMs, expireMs });
      return caller;
    } catch (error) {
      if (error instanceof RpcError && error.code === Code.UNAUTHENTICATED && flight === this.#underWay) {
        this.#snapshots.delete(key);
        this.#refusals.set(key, { error, sinceMs });
      }
      throw error;
    } finally {
      flight.delete(key);
    }
  }

  /** Asks until the answer is from after the latest change of the principal's organization. */
  async #ask(credential: Credential): Promise<{ readonly principal: Principal; readonly caller: Caller }> {
    for (;;) {
      const changes = this.#changes;
      const principal = await this.#options.resolve(credential);
      const caller = await this.#options.sign(principal);
      if ((this.#changed.get(principal.organizationId) ?? 0) <= changes) return { principal, caller };
    }
  }
}
