import { type Api, createApi } from './api/api.ts';
import { CliError, UsageError } from './failure.ts';
import type { Format } from './output/show.ts';
import type { Profile, ProfileFile } from './profile/profile-file.ts';
import { freshAccessToken } from './profile/session.ts';
import type { Terminal } from './terminal.ts';

/** Where `npm start` puts the mesh. */
export const defaultUrl = 'http://127.0.0.1:8080';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly apiKey?: string;
  readonly output?: Format;
}

/** What a command works with. */
export interface Cli {
  readonly terminal: Terminal;
  readonly profileFile: ProfileFile;
  /** The global options of this run. */
  options(): GlobalOptions;
}

/** Where the mesh is: --url, TRELLIS_URL, the profile, or this machine. */
function meshUrl({ terminal, options }: Cli, profile?: Profile): string {
  const text = options().url || terminal.env.TRELLIS_URL || profile?.url || defaultUrl;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw new UsageError(`${JSON.stringify(text)} is not a URL such as ${defaultUrl}`);
  }
  return url.href.replace(/\/+$/, '');
}

/** The API without a credential, for opening a session. */
export async function openPublicApi(cli: Cli): Promise<Api> {
  // A profile that cannot be read must not stand in the way of a new one.
  const profile = await cli.profileFile.read().catch(() => undefined);
  return createApi({ url: meshUrl(cli, profile) });
}

/** The API with the caller's credential: the API key where one is given, else the session of the profile. */
export async function openApi(cli: Cli): Promise<Api> {
  const { terminal, profileFile, options } = cli;
  const profile = await profileFile.read();
  const url = meshUrl(cli, profile);
  const apiKey = options().apiKey || terminal.env.TRELLIS_API_KEY;
  if (apiKey) return createApi({ url, credential: apiKey });
  // The tokens of one mesh are never shown to another.
  if (!profile || profile.url !== url) {
    throw new CliError(`not logged in at ${url}. Run "trellis login <email>", or set TRELLIS_API_KEY`);
  }
  return createApi({ url, credential: await freshAccessToken(profileFile, profile, terminal.clock()) });
}
