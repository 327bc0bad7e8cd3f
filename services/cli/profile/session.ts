import { type Api, createApi } from '../api/api.ts';
import { ApiError } from '../api/api-error.ts';
import { CliError } from '../failure.ts';
import type { Profile, ProfileFile } from './profile-file.ts';

/** An access token that is good for less is not begun with. */
const marginMs = 30_000;

/** What register, login and refresh answer with. */
export interface Tokens {
  readonly userId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** The profile of a session that was just opened or refreshed. */
export function toProfile(url: string, email: string, tokens: Tokens, nowMs: number): Profile {
  const { accessToken, refreshToken, expiresIn } = tokens;
  return {
    url,
    email,
    accessToken,
    refreshToken,
    expireTime: new Date(nowMs + expiresIn * 1000).toISOString(),
  };
}

/** An access token of the session, refreshed and saved first where the one at hand is over. */
export async function freshAccessToken(file: ProfileFile, profile: Profile, nowMs: number): Promise<string> {
  if (Date.parse(profile.expireTime) - nowMs > marginMs) return profile.accessToken;
  const tokens = await refresh(createApi({ url: profile.url }), profile.refreshToken);
  await file.write(toProfile(profile.url, profile.email, tokens, nowMs));
  return tokens.accessToken;
}

async function refresh(api: Api, refreshToken: string): Promise<Tokens> {
  try {
    return await api.call<Tokens>('POST', '/v1/auth/refresh', { refreshToken });
  } catch (error) {
    if (error instanceof ApiError && error.reason.startsWith('CREDENTIAL_')) {
      throw new CliError(`the session is over, log in again with "trellis login": ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}
