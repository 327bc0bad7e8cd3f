import type { AuthService } from '../../../gen/trellis/iam/v1/auth_pb.js';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { SigningKeys } from '../domain/signing-key.ts';

/** Answers with the public halves of all keys in use, those that only verify included. */
export function getJsonWebKeys(signingKeys: SigningKeys): Handler<typeof AuthService.method.getJsonWebKeys> {
  const keys = signingKeys.map(({ kty, crv, x, kid }) => ({ kty, crv, x, kid, use: 'sig', alg: 'EdDSA' }));
  return async () => ({ keys });
}
