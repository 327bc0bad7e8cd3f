import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { PrincipalService } from '../../../gen/trellis/iam/v1/principal_pb.js';
import type { Signer } from '../../mesh/identity/assertion.ts';
import type { Logger } from '../../mesh/log/logger.ts';
import type { Channel } from '../../mesh/rpc/channel.ts';
import { createClient } from '../../mesh/rpc/client.ts';
import type { Caller } from '../../mesh/rpc/context.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import { followFeed } from '../../mesh/rpc/feed.ts';
import { PrincipalCache } from './principal-cache.ts';

/** A revocation feed that is silent for longer is cut: nothing cached can be trusted. */
const silenceMs = 30_000;
/** iam sends a heartbeat every 5 s; after two missing ones the feed is opened again. */
const reopenMs = 12_000;
const resolveTimeoutMs = 5_000;

/** Says who is behind a credential. */
export interface Identifier {
  identify(credential: string): Promise<Caller>;
  /** False while revocations may be missed: then nobody is identified. */
  isCurrent(): boolean;
  close(): Promise<void>;
}

export interface IdentifierOptions {
  readonly channel: Channel;
  readonly sign: Signer;
  readonly clock: () => number;
  readonly log: Logger;
}

/** Identifies by iam's answers, cached here and dropped as iam's revocation feed says. */
export function createIdentifier({ channel, sign, clock, log }: IdentifierOptions): Identifier {
  const client = createClient(PrincipalService, channel);
  const cache = new PrincipalCache({
    resolve: async (credential) => {
      const { principal } = await client.resolvePrincipal({ credential }, { timeoutMs: resolveTimeoutMs });
      if (!principal) throw new Error('iam answered without a principal');
      return principal;
    },
    sign,
    clock,
  });
  let sequence = 0n;
  const feed = followFeed({
    name: 'revocations',
    open: (signal) => client.watchRevocations({ fromSequence: sequence }, { signal }),
    onMessage: (message) => {
      sequence = message.sequence;
      if (message.reset) cache.clear();
      cache.revoke(message.credentialIds);
      cache.forgetOrganizations(message.organizationIds);
    },
    silenceMs: reopenMs,
    log,
  });
  const isCurrent = () => feed.silentForMs < silenceMs;
  return {
    isCurrent,
    identify: async (credential) => {
      if (isCurrent()) return cache.identify(credential);
      cache.clear();
      throw rpcError(ErrorReason.UNAVAILABLE, 'credentials cannot be checked just now', {
        retryAfterMs: 1_000,
      });
    },
    close: () => feed.close(),
  };
}
