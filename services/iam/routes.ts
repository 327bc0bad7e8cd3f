import { ApiKeyService } from '../../gen/trellis/iam/v1/api_key_pb.js';
import { AuthService } from '../../gen/trellis/iam/v1/auth_pb.js';
import { PrincipalService } from '../../gen/trellis/iam/v1/principal_pb.js';
import { SubscriptionService } from '../../gen/trellis/iam/v1/subscription_pb.js';
import { UserService } from '../../gen/trellis/iam/v1/user_pb.js';
import { type BoundService, bindService } from '../mesh/rpc/service.ts';
import type { SigningKeys } from './domain/signing-key.ts';
import { type CreateApiKeyDeps, createApiKey } from './rpc/create-api-key.ts';
import { getJsonWebKeys } from './rpc/get-json-web-keys.ts';
import { getMe } from './rpc/get-me.ts';
import { listApiKeys } from './rpc/list-api-keys.ts';
import { type LoginDeps, login } from './rpc/login.ts';
import { type LogoutDeps, logout } from './rpc/logout.ts';
import { type RefreshSessionDeps, refreshSession } from './rpc/refresh-session.ts';
import { type RegisterDeps, register } from './rpc/register.ts';
import { type ResolvePrincipalDeps, resolvePrincipal } from './rpc/resolve-principal.ts';
import { type RevokeApiKeyDeps, revokeApiKey } from './rpc/revoke-api-key.ts';
import { type SubscribeRepositoryDeps, subscribeRepository } from './rpc/subscribe-repository.ts';
import { unsubscribeRepository } from './rpc/unsubscribe-repository.ts';
import { type WatchRevocationsDeps, watchRevocations } from './rpc/watch-revocations.ts';

/** What all RPCs together need. */
export type RouteDeps = RegisterDeps &
  LoginDeps &
  RefreshSessionDeps &
  LogoutDeps &
  CreateApiKeyDeps &
  RevokeApiKeyDeps &
  ResolvePrincipalDeps &
  SubscribeRepositoryDeps &
  WatchRevocationsDeps & { readonly signingKeys: SigningKeys };

/** What iam serves. */
export function iamRoutes(deps: RouteDeps): readonly BoundService[] {
  return [
    bindService(AuthService, {
      register: register(deps),
      login: login(deps),
      refreshSession: refreshSession(deps),
      logout: logout(deps),
      getJsonWebKeys: getJsonWebKeys(deps.signingKeys),
    }),
    bindService(UserService, {
      getMe: getMe(deps.sql),
    }),
    bindService(ApiKeyService, {
      createApiKey: createApiKey(deps),
      listApiKeys: listApiKeys(deps.sql),
      revokeApiKey: revokeApiKey(deps),
    }),
    bindService(SubscriptionService, {
      subscribeRepository: subscribeRepository(deps),
      unsubscribeRepository: unsubscribeRepository(deps),
    }),
    bindService(PrincipalService, {
      resolvePrincipal: resolvePrincipal(deps),
      watchRevocations: watchRevocations(deps),
    }),
  ];
}
