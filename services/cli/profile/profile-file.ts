import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Environment } from '../../mesh/config/config.ts';
import { CliError, toReason } from '../failure.ts';

/** A session that `trellis login` opened. Its tokens are secret. */
export interface Profile {
  /** The mesh that the session is of. */
  readonly url: string;
  readonly email: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** When the access token expires (RFC 3339). */
  readonly expireTime: string;
}

/** Where the profile is kept: TRELLIS_PROFILE, or under the configuration directory of the user. */
export function profilePath(env: Environment): string {
  if (env.TRELLIS_PROFILE) return env.TRELLIS_PROFILE;
  const directory = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
  return join(directory, 'trellis', 'profile.json');
}

/** The profile's file. Only its owner may read it, and it is replaced whole or not at all. */
export class ProfileFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The profile; undefined where nobody is logged in. Throws CliError where others could read the file. */
  async read(): Promise<Profile | undefined> {
    let file: FileHandle;
    try {
      file = await open(this.path, constants.O_RDONLY);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw this.#failure('read', error);
    }
    try {
      const { mode } = await file.stat();
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        throw new CliError(
          `the profile ${this.path} can be read by others. Run "chmod 600 ${this.path}", or delete it and log in again`,
        );
      }
      return parseProfile(await file.readFile('utf8'), this.path);
    } finally {
      await file.close();
    }
  }

  /** Replaces the profile. */
  async write(profile: Profile): Promise<void> {
    const draft = `${this.path}.${crypto.randomUUID()}`;
    try {
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(`${JSON.stringify(profile, undefined, 2)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.path);
    } catch (error) {
      await rm(draft, { force: true });
      throw this.#failure('write', error);
    }
  }

  /** Forgets the session. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }

  #failure(verb: string, error: unknown): CliError {
    return new CliError(`cannot ${verb} the profile ${this.path}: ${toReason(error)}`, { cause: error });
  }
}

function parseProfile(text: string, path: string): Profile {
  const names = ['url', 'email', 'accessToken', 'refreshToken', 'expireTime'] as const;
  try {
    const json = JSON.parse(text) as Profile;
    if (names.every((name) => typeof json[name] === 'string')) return json;
  } catch {
    // The same as any other text that is no profile; what it says may be secret.
  }
  throw new CliError(`${path} is not a profile. Delete it and log in again`);
}
