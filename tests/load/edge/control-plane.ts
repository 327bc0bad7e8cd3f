import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { GraphState } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { PlacementService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { PrincipalService } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { LeaseService } from '../../../gen/trellis/ratelimit/v1/ratelimit_pb.js';
import { principalOf } from '../../../services/edge/testing.ts';
import { assertionLifetimeMs, createSigner, type Signer } from '../../../services/mesh/identity/assertion.ts';
import type { Logger } from '../../../services/mesh/log/logger.ts';
import { pause } from '../../../services/mesh/process/pause.ts';
import type { Channel } from '../../../services/mesh/rpc/channel.ts';
import { createDispatcher } from '../../../services/mesh/rpc/dispatcher.ts';
import { createInProcessChannel } from '../../../services/mesh/rpc/in-process-channel.ts';
import { createSelfAssertion } from '../../../services/mesh/rpc/outgoing-call.ts';
import { bindService } from '../../../services/mesh/rpc/service.ts';
import { graphId } from './messages.ts';

const heartbeatMs = 5_000;
const requestsPerMinute = 1_000_000_000;

export interface ControlPlane {
  readonly channel: Channel & { has(path: string): boolean };
  readonly sign: Signer;
  readonly self: () => ReturnType<Signer>;
}

/**
 * A control plane that says what the benchmark needs, over the real contract: one API key with a principal, limits
 * that nobody reaches, one graph at one endpoint.
 */
export async function createControlPlane(
  apiKey: string,
  endpoint: string,
  log: Logger,
): Promise<ControlPlane> {
  const { privateKey } = await promisify(generateKeyPair)('ed25519', {});
  const sign = await createSigner('edge', privateKey.export({ format: 'jwk' }));
  const principal = principalOf();
  const placement = {
    graphId,
    organizationId: principal.organizationId,
    state: GraphState.ACTIVE,
    endpoint,
    epoch: 1n,
    tier: 'standard',
  };
  const services = [
    bindService(PrincipalService, {
      resolvePrincipal: async ({ credential }) => {
        if (credential.value !== apiKey) throw new Error('the benchmark knows one API key only');
        return { principal };
      },
      watchRevocations: (_request, { signal }) => beats(signal, { sequence: 0n }),
    }),
    bindService(PlacementService, {
      resolvePlacement: async () => ({ placement }),
      watchPlacements: (_request, { signal }) =>
        beats(signal, { placements: [placement], snapshotComplete: true }),
      registerNode: async () => ({}),
    }),
    bindService(LeaseService, {
      acquire: async ({ wants }) => ({
        leaseId: 'lease',
        granted: wants,
        expireAfter: { seconds: 60n },
        requestsPerMinute,
        remaining: requestsPerMinute,
      }),
      release: async () => ({}),
    }),
  ];
  const dispatcher = createDispatcher(services, log);
  const self = createSelfAssertion(sign, assertionLifetimeMs / 2);
  const channel = createInProcessChannel(dispatcher, self);
  return { channel: { ...channel, has: (path) => dispatcher.find(path) !== undefined }, sign, self };
}

/** A feed that says the same thing at once and with every heartbeat. */
async function* beats<T>(signal: AbortSignal, message: T): AsyncIterable<T> {
  while (!signal.aborted) {
    yield message;
    await pause(heartbeatMs, signal);
  }
}
