import type { Command } from 'commander';
import { type Cli, openPublicApi } from '../cli.ts';
import { type PasswordOptions, readPassword } from '../input/password.ts';
import { openSession } from './open-session.ts';

/** `trellis login`: a session, kept in the profile. */
export function addLogin(program: Command, cli: Cli): void {
  program
    .command('login')
    .description('open a session and keep it in the profile')
    .argument('<email>', 'your e-mail address')
    .option('--password-stdin', 'read the password from stdin')
    .action(async (email: string, options: PasswordOptions) => {
      const api = await openPublicApi(cli);
      const password = await readPassword(cli.terminal, options);
      await openSession(cli, api, '/v1/auth/login', { email, password });
    });
}
