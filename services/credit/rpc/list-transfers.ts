import type { CreditService } from '../../../gen/trellis/credit/v1/credit_pb.js';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { PostgresLedgerStore } from '../store/postgres-ledger-store.ts';
import { toTransferMessage } from './messages.ts';
import { fromPageToken, toPageToken } from './page-token.ts';

const defaultPageSize = 50;

/** Lists the transfers of the caller's organization, newest first. */
export function listTransfers(deps: {
  readonly store: PostgresLedgerStore;
}): Handler<typeof CreditService.method.listTransfers> {
  return async (request, context) => {
    const { organizationId } = requirePrincipal(context);
    const before = fromPageToken(request.pageToken);
    const pageSize = request.pageSize || defaultPageSize;
    // One more than asked for, to know whether there is a next page.
    const found = await deps.store.transfers(organizationId, { before, limit: pageSize + 1 });
    const page = found.slice(0, pageSize);
    const last = found.length > pageSize ? page.at(-1) : undefined;
    return {
      transfers: page.map(toTransferMessage),
      nextPageToken: last ? toPageToken(last.sequence) : '',
    };
  };
}
