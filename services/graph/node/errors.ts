import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type RpcError, rpcError } from '../../mesh/rpc/error.ts';
import { type OpenFailureCause, openFailureWords } from './domain/open-failure.ts';

const retryAfterMs = 1_000;

/** How often in a row a graph failed to open, and why the last time. */
export interface Broken {
  readonly failures: number;
  readonly cause: OpenFailureCause;
}

export function noSlot(slots: number): RpcError {
  const message = `all ${slots} graphs that the graph node may hold open serve calls, and none became free in time`;
  return rpcError(ErrorReason.NO_CAPACITY, message, { metadata: { limit: String(slots) }, retryAfterMs });
}

/** The tier is not one of the file of tiers in this node's environment. */
export function tierNotOffered(tier: string, environment: string): RpcError {
  const message = `the tier ${tier} is not offered in ${environment}`;
  return rpcError(ErrorReason.TIER_NOT_OFFERED, message, { metadata: { tier, environment } });
}

export function nodeDraining(): RpcError {
  return rpcError(ErrorReason.UNAVAILABLE, 'the graph node is shutting down', { retryAfterMs });
}

export function openingEnded(): RpcError {
  return rpcError(ErrorReason.UNAVAILABLE, 'the graph was closed while it was opened', { retryAfterMs });
}

/** The graph failed to open so often in a row that it is left alone for a while. Tells why, in words and as metadata. */
export function engineBroken({ failures, cause }: Broken, coolDownMs: number): RpcError {
  const times = failures === 1 ? 'once' : `${failures} times in a row`;
  const message = `the graph failed to open ${times}: ${openFailureWords[cause]}; it is tried again later`;
  const metadata = { cause, failures: String(failures) };
  return rpcError(ErrorReason.UNAVAILABLE, message, { retryAfterMs: coolDownMs, metadata });
}
