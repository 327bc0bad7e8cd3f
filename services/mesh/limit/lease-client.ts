import type { Duration } from '@bufbuild/protobuf/wkt';
import { LeaseService } from '../../../gen/trellis/ratelimit/v1/ratelimit_pb.js';
import type { Channel } from '../rpc/channel.ts';
import { createClient } from '../rpc/client.ts';
import type { AcquireLease, ReleaseLease } from './lease.ts';

/** How long the lease service may take to answer before it counts as gone. */
const timeoutMs = 1_000;

/** The lease service over a channel, as a local limiter takes it. */
export function createLeaseClient(channel: Channel): { acquire: AcquireLease; release: ReleaseLease } {
  const client = createClient(LeaseService, channel);
  return {
    acquire: async ({ subject, category, wants }) => {
      const message =
        'address' in subject
          ? { subject: { case: 'address' as const, value: subject.address } }
          : { subject: { case: 'principalId' as const, value: subject.principalId }, plan: subject.plan };
      const grant = await client.acquire({ subject: message, category, wants }, { timeoutMs });
      return {
        leaseId: grant.leaseId,
        granted: grant.granted,
        expireAfterMs: toMs(grant.expireAfter),
        limit: grant.requestsPerMinute,
        remaining: grant.remaining,
        retryAfterMs: toMs(grant.retryAfter),
      };
    },
    release: async (leaseId, unused) => {
      await client.release({ leaseId, unused }, { timeoutMs });
    },
  };
}

function toMs(duration: Duration | undefined): number {
  return duration ? Number(duration.seconds) * 1_000 + duration.nanos / 1e6 : 0;
}
