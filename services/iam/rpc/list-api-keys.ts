import type { ApiKeyService } from '../../../gen/trellis/iam/v1/api_key_pb.js';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import { fromPageToken, toPageToken } from '../domain/page-token.ts';
import { pageTokenInvalid } from '../errors.ts';
import * as apiKeyStore from '../store/api-key-store.ts';
import { toApiKeyMessage } from './api-key-message.ts';

const pageSizeDefault = 50;

/** Lists the keys of the caller's organization that are not revoked, newest first. */
export function listApiKeys(sql: Sql): Handler<typeof ApiKeyService.method.listApiKeys> {
  return async ({ pageSize, pageToken }, context) => {
    const { organizationId } = requirePrincipal(context);
    const after = pageToken === '' ? undefined : fromPageToken(pageToken);
    if (pageToken !== '' && !after) throw pageTokenInvalid();
    const rowsMax = pageSize || pageSizeDefault;
    // One row more than the page tells whether there is another page.
    const rows = await apiKeyStore.listApiKeys(sql, organizationId, after, rowsMax + 1);
    const page = rows.slice(0, rowsMax);
    const last = page.at(-1);
    return {
      apiKeys: page.map(toApiKeyMessage),
      nextPageToken: rows.length > rowsMax && last ? toPageToken(last) : '',
    };
  };
}
