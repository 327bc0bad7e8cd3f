import { ErrorReason } from '../../gen/trellis/common/v1/error_reason_pb.js';
import { type RpcError, rpcError } from '../mesh/rpc/error.ts';
import { BusyError } from './domain/password-hasher.ts';

const busyRetryMs = 1_000;

/** An account with the e-mail address exists. */
export function emailTaken(): RpcError {
  return rpcError(ErrorReason.EMAIL_TAKEN, 'an account with this e-mail address exists');
}

/** E-mail address or password is wrong: one answer for both. */
export function loginFailed(): RpcError {
  return rpcError(ErrorReason.LOGIN_FAILED, 'e-mail address or password is wrong');
}

/** Too many failed logins. */
export function loginThrottled(retryAfterMs: number): RpcError {
  return rpcError(ErrorReason.LOGIN_THROTTLED, 'too many failed logins', { retryAfterMs });
}

/** The credential is garbled, unknown or revoked: one answer for all. */
export function credentialInvalid(): RpcError {
  return rpcError(ErrorReason.CREDENTIAL_INVALID, 'the credential is not valid');
}

/** The credential was good once. */
export function credentialExpired(): RpcError {
  return rpcError(ErrorReason.CREDENTIAL_EXPIRED, 'the credential has expired');
}

/** No such key in the caller's organization; whether another one has it is not said. */
export function apiKeyNotFound(): RpcError {
  return rpcError(ErrorReason.API_KEY_NOT_FOUND, 'no API key with this id');
}

/** The organization has as many keys as it may. */
export function apiKeyLimitReached(limit: number): RpcError {
  const message = `the organization has ${limit} API keys, which is the limit; revoke one first`;
  return rpcError(ErrorReason.API_KEY_LIMIT_REACHED, message, { metadata: { limit: String(limit) } });
}

/** No shared repository has this name. */
export function repositoryNotFound(repository: string): RpcError {
  const message = 'there is no shared repository with this name';
  return rpcError(ErrorReason.REPOSITORY_NOT_FOUND, message, { metadata: { repository } });
}

/** The page token is none that ListApiKeys gave. */
export function pageTokenInvalid(): RpcError {
  const violations = [{ field: 'page_token', description: 'must be a next_page_token of this list' }];
  return rpcError(ErrorReason.INVALID_REQUEST, 'page_token: must be a next_page_token of this list', {
    violations,
  });
}

/** Turns the refusal of a busy password hasher into an answer; other errors go on as they are. */
export function refuseWhereBusy(error: unknown): never {
  if (!(error instanceof BusyError)) throw error;
  throw rpcError(ErrorReason.UNAVAILABLE, 'too many logins at a time', {
    retryAfterMs: busyRetryMs,
    cause: error,
  });
}

/** The revocation feed cannot be read just now; whoever follows it must not think that nothing was revoked. */
export function feedUnavailable(cause: unknown): RpcError {
  return rpcError(ErrorReason.UNAVAILABLE, 'the revocation feed cannot be read', {
    retryAfterMs: busyRetryMs,
    cause,
  });
}
