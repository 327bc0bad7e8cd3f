/** Why a command cannot go on, in one line for the person at the terminal. Exit code 1. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
}

/** A command line that cannot be understood. Exit code 2. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';
}

/** What `ENOENT` and the like mean, for the line. */
export function toReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return code ?? message ?? String(error);
  }
}
