import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { UserService } from '../../../gen/trellis/iam/v1/user_pb.js';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import { credentialInvalid } from '../errors.ts';
import { findProfile } from '../store/account-store.ts';

/** Describes the user behind the credential and the organization that it acts for. */
export function getMe(sql: Sql): Handler<typeof UserService.method.getMe> {
  return async (_, context) => {
    const principal = requirePrincipal(context);
    const profile = await findProfile(sql, principal.userId, principal.organizationId);
    if (!profile) throw credentialInvalid();
    const { user, organization } = profile;
    return {
      user: {
        userId: user.userId,
        email: user.email,
        name: user.name,
        createTime: timestampFromDate(user.createTime),
      },
      organization: {
        organizationId: organization.organizationId,
        displayName: organization.displayName,
        plan: organization.plan,
        createTime: timestampFromDate(organization.createTime),
      },
    };
  };
}
