import { type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Keys whose values never reach a log, wherever they stand in an entry. */
const secretKeys = [
  'password',
  'secret',
  'accessToken',
  'refreshToken',
  'authorization',
  'apiKey',
  'assertion',
];

/** A logger that writes JSON lines to standard error, so that standard output stays the program's own. */
export function createLogger(service: string, level: LogLevel): Logger {
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), remove: true },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
