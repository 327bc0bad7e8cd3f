import type { Api } from '../api/api.ts';
import type { Cli } from '../cli.ts';
import { escapeControls } from '../output/escape.ts';
import { show } from '../output/show.ts';
import { type Tokens, toProfile } from '../profile/session.ts';

/** Opens a session and keeps it in the profile. Shows who is logged in where, and no token. */
export async function openSession(
  cli: Cli,
  api: Api,
  path: string,
  account: { readonly email: string; readonly password: string; readonly name?: string },
): Promise<void> {
  const tokens = await api.call<Tokens>('POST', path, account);
  const { email } = account;
  const { url } = api;
  await cli.profileFile.write(toProfile(url, email, tokens, cli.terminal.clock()));
  await show(
    cli,
    { userId: tokens.userId, email, url },
    () => `Logged in as ${escapeControls(email)} at ${url}.\n`,
  );
}
