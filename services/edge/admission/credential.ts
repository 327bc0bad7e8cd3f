import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { parseApiKey } from '../../mesh/credential/api-key.ts';
import { rpcError } from '../../mesh/rpc/error.ts';

/** A credential that has the form of one; who is behind it, iam knows. */
export type Credential =
  | { readonly case: 'apiKey'; readonly value: string }
  | { readonly case: 'accessToken'; readonly value: string };

const accessTokenPattern = /^[\w-]{1,512}\.[\w-]{1,2048}\.[\w-]{1,512}$/;

/** The credential of `Authorization: Bearer …` or `X-API-Key: …`; the first wins. */
export function credentialOf(
  authorization: string | undefined,
  apiKey: string | undefined,
): string | undefined {
  if (authorization === undefined) return apiKey;
  const [, token] = /^bearer +(\S+) *$/i.exec(authorization) ?? [];
  return token ?? authorization;
}

/** Recognises an API key by its checksum or a token by its form. Garbage is refused here, without any look-up. */
export function parseCredential(text: string): Credential {
  if (parseApiKey(text)) return { case: 'apiKey', value: text };
  if (accessTokenPattern.test(text)) return { case: 'accessToken', value: text };
  throw rpcError(ErrorReason.CREDENTIAL_INVALID, 'the credential is not valid');
}
