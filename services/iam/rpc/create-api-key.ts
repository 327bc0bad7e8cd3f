import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { ApiKeyService } from '../../../gen/trellis/iam/v1/api_key_pb.js';
import { formatApiKey, generateApiKey } from '../../mesh/credential/api-key.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import { type Peppers, sealSecret } from '../domain/pepper.ts';
import { apiKeyLimitReached } from '../errors.ts';
import { insertApiKey } from '../store/api-key-store.ts';
import { toApiKeyMessage } from './api-key-message.ts';

export interface CreateApiKeyDeps {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly peppers: Peppers;
  readonly apiKeysMax: number;
}

/** Creates a key. Its graphs need not exist: a key for one that does not, or not yet, reaches nothing. */
export function createApiKey(deps: CreateApiKeyDeps): Handler<typeof ApiKeyService.method.createApiKey> {
  const { sql, clock, peppers, apiKeysMax } = deps;
  return async ({ displayName, graphIds, expireTime }, context) => {
    const { organizationId, userId } = requirePrincipal(context);
    const parts = generateApiKey();
    const newKey = {
      apiKeyId: parts.keyId,
      organizationId,
      userId,
      displayName,
      ...sealSecret(peppers, parts.secret),
      graphIds,
      createTime: new Date(clock.now()),
      expireTime: expireTime ? timestampDate(expireTime) : null,
    };
    if (!(await insertApiKey(sql, newKey, apiKeysMax))) throw apiKeyLimitReached(apiKeysMax);
    return { apiKey: toApiKeyMessage(newKey), secret: formatApiKey(parts) };
  };
}
