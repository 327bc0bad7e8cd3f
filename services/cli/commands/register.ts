import type { Command } from 'commander';
import { type Cli, openPublicApi } from '../cli.ts';
import { type PasswordOptions, readNewPassword } from '../input/password.ts';
import { openSession } from './open-session.ts';

/** `trellis register`: a new account, and its first session. */
export function addRegister(program: Command, cli: Cli): void {
  program
    .command('register')
    .description('open an account and log in')
    .argument('<email>', 'your e-mail address')
    .argument('<name>', 'your name')
    .option('--password-stdin', 'read the password from stdin')
    .action(async (email: string, name: string, options: PasswordOptions) => {
      const api = await openPublicApi(cli);
      const password = await readNewPassword(cli.terminal, options);
      await openSession(cli, api, '/v1/auth/register', { email, password, name });
    });
}
