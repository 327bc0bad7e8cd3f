import { Permission } from '../../../gen/trellis/policy/v1/policy_pb.js';

/** What a user is in an organization. */
export type Role = 'owner' | 'admin' | 'member';

const all: readonly Permission[] = [
  Permission.GRAPH_READ,
  Permission.GRAPH_WRITE,
  Permission.GRAPH_ADMIN,
  Permission.GRAPH_CREATE,
  Permission.ORGANIZATION_READ,
  Permission.ORGANIZATION_ADMIN,
];

const permissionsByRole: Readonly<Record<Role, readonly Permission[]>> = {
  owner: all,
  admin: all,
  member: [Permission.GRAPH_READ, Permission.GRAPH_WRITE, Permission.ORGANIZATION_READ],
};

const restrictedKeyPermissions: readonly Permission[] = [Permission.GRAPH_READ, Permission.GRAPH_WRITE];

/** What a user may do; owners and admins of the organization that runs the platform may do that too. */
export function userPermissions(role: Role, runsPlatform: boolean): Permission[] {
  const own = permissionsByRole[role];
  return runsPlatform && own.includes(Permission.ORGANIZATION_ADMIN)
    ? [...own, Permission.PLATFORM_ADMIN]
    : [...own];
}

/** What an API key may do: its creator's permissions now; for a key of some graphs only data of graphs. */
export function apiKeyPermissions(
  creatorRole: Role,
  graphIds: readonly string[],
  runsPlatform: boolean,
): Permission[] {
  const own = userPermissions(creatorRole, runsPlatform);
  return graphIds.length === 0
    ? own
    : own.filter((permission) => restrictedKeyPermissions.includes(permission));
}
