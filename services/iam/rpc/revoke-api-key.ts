import type { ApiKeyService } from '../../../gen/trellis/iam/v1/api_key_pb.js';
import type { Clock } from '../../mesh/process/clock.ts';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import type { WakeUps } from '../domain/wake-ups.ts';
import { apiKeyNotFound } from '../errors.ts';
import * as apiKeyStore from '../store/api-key-store.ts';

export interface RevokeApiKeyDeps {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly wakeUps: WakeUps;
}

/** Revokes a key of the caller's organization and tells every edge. */
export function revokeApiKey(deps: RevokeApiKeyDeps): Handler<typeof ApiKeyService.method.revokeApiKey> {
  const { sql, clock, wakeUps } = deps;
  return async ({ apiKeyId }, context) => {
    const { organizationId } = requirePrincipal(context);
    const outcome = await apiKeyStore.revokeApiKey(sql, organizationId, apiKeyId, new Date(clock.now()));
    if (outcome === 'missing') throw apiKeyNotFound();
    if (outcome === 'revoked') wakeUps.wake();
    return {};
  };
}
