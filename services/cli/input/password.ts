import { createInterface } from 'node:readline/promises';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CliError, UsageError } from '../failure.ts';
import { type Terminal, write } from '../terminal.ts';

export interface PasswordOptions {
  readonly passwordStdin?: boolean;
}

/** The password: all of stdin where it is told to, else what is typed, without echo. */
export async function readPassword(terminal: Terminal, { passwordStdin }: PasswordOptions): Promise<string> {
  if (passwordStdin) return (await text(terminal.stdin)).replace(/\r?\n$/, '');
  return await ask(terminal, 'Password: ');
}

/** A password to be set: typed twice, so that a slip does not lock the door. */
export async function readNewPassword(terminal: Terminal, options: PasswordOptions): Promise<string> {
  const password = await readPassword(terminal, options);
  if (options.passwordStdin || (await ask(terminal, 'Again: ')) === password) return password;
  throw new UsageError('the two passwords are not the same');
}

async function ask({ stdin, stderr }: Terminal, prompt: string): Promise<string> {
  if (!stdin.isTTY) {
    throw new UsageError('there is no terminal to ask for the password; use --password-stdin');
  }
  await write(stderr, prompt);
  // In terminal mode readline takes the echo over from the terminal, and this one goes nowhere.
  const silence = new PassThrough().resume();
  const lines = createInterface({ input: stdin, output: silence, terminal: true, historySize: 0 });
  const closed = Promise.withResolvers<never>();
  lines.once('close', () => closed.reject(new CliError('cancelled')));
  try {
    return await Promise.race([lines.question(''), closed.promise]);
  } catch {
    throw new CliError('cancelled');
  } finally {
    lines.close();
    await write(stderr, '\n');
  }
}
