import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  type GrantSchema,
  TransferKind,
  type TransferSchema,
} from '../../../gen/trellis/credit/v1/credit_pb.js';
import { accountLabel } from '../domain/account.ts';
import type { Grant } from '../domain/grant.ts';
import type { Transfer, TransferPurpose } from '../domain/transfer.ts';

/** The contract has no kind for what expires; the accounts and the description tell. */
const kinds: Readonly<Record<TransferPurpose, TransferKind>> = {
  grant: TransferKind.GRANT,
  expiry: TransferKind.EXPIRY,
};

export function toGrantMessage(grant: Grant): MessageInitShape<typeof GrantSchema> {
  const { createTime, expireTime, ...rest } = grant;
  return {
    ...rest,
    createTime: timestampFromDate(createTime),
    ...(expireTime && { expireTime: timestampFromDate(expireTime) }),
  };
}

export function toTransferMessage(transfer: Transfer): MessageInitShape<typeof TransferSchema> {
  return {
    transferId: transfer.transferId,
    kind: kinds[transfer.purpose],
    amountMicros: transfer.amountMicros,
    debitAccount: accountLabel(transfer.debit),
    creditAccount: accountLabel(transfer.credit),
    description: transfer.description,
    createTime: timestampFromDate(transfer.createTime),
  };
}
