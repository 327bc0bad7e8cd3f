import { Command, CommanderError, Option } from 'commander';
import type { Cli, GlobalOptions } from './cli.ts';
import { addCredits } from './commands/credits.ts';
import { addExecute } from './commands/execute.ts';
import { addGraph } from './commands/graph.ts';
import { addImport } from './commands/import.ts';
import { addKey } from './commands/key.ts';
import { addLimits } from './commands/limits.ts';
import { addLogin } from './commands/login.ts';
import { addLogout } from './commands/logout.ts';
import { addPlans } from './commands/plans.ts';
import { addQuery } from './commands/query.ts';
import { addRegister } from './commands/register.ts';
import { addRepository } from './commands/repository.ts';
import { addSchema } from './commands/schema.ts';
import { addWhoami } from './commands/whoami.ts';
import { CliError, UsageError } from './failure.ts';
import { escapeControls } from './output/escape.ts';
import { formats } from './output/show.ts';
import { ProfileFile, profilePath } from './profile/profile-file.ts';
import { type Terminal, write } from './terminal.ts';

/** Every command, in the order of the help. */
const commands = [
  addRegister,
  addLogin,
  addLogout,
  addWhoami,
  addKey,
  addGraph,
  addRepository,
  addQuery,
  addExecute,
  addSchema,
  addImport,
  addLimits,
  addCredits,
  addPlans,
];

/** Runs one command line; resolves with the exit code: 0, 1 where it failed, 2 where it cannot be understood. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // What commander says of the command line it has written itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    await write(terminal.stderr, `trellis: ${escapeControls(toLine(error))}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function createProgram(terminal: Terminal): Command {
  const program = new Command('trellis')
    .description('Works with a Trellis mesh: accounts, graphs, queries and imports.')
    .option('--url <url>', 'where the mesh is (TRELLIS_URL)')
    .option('--api-key <key>', 'an API key instead of the session (TRELLIS_API_KEY)')
    .addOption(new Option('--output <format>', 'how results are written').choices(formats))
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .exitOverride();
  const cli: Cli = {
    terminal,
    profileFile: new ProfileFile(profilePath(terminal.env)),
    options: () => program.opts<GlobalOptions>(),
  };
  for (const add of commands) add(program, cli);
  return program;
}

function toLine(error: unknown): string {
  if (error instanceof CliError) return error.message;
  return `this should not happen: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
