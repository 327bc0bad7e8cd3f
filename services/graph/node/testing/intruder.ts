/**
 * A program in an engine's place that, told to open a graph, tries what a hijacked engine would try. It answers as
 * endpoint with JSON: for each attempt of its first argument `ok` or the error's code, and what it is.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { dirname, join } from 'node:path';
import type { EngineCommand, EngineConfig, EngineEvent } from '../../engine/protocol.ts';

/** What to try. */
export interface Attempts {
  readonly read?: readonly string[];
  readonly list?: readonly string[];
  /** Files to make, or to change where they exist. */
  readonly write?: readonly string[];
  /** Processes to send a signal to. */
  readonly signal?: readonly number[];
}

/** What came of it. */
export interface Outcome {
  /** By path, process id or name: `ok`, or the error's code. */
  readonly attempts: Readonly<Record<string, string>>;
  readonly environment: readonly string[];
  /** Of /proc/self/status, where that can be read. */
  readonly status: string;
  readonly limits: string;
  /** Where it has code compiled ahead from; undefined: it compiles all of it. */
  readonly compiled?: string | undefined;
}

const [, , encoded = '{}'] = process.argv;
const wanted: Attempts = JSON.parse(encoded);
const send = (event: EngineEvent) => process.send?.(event);

process.on('disconnect', () => process.exit(0));
process.on('message', (command: EngineCommand) => {
  if (command.type === 'open') send({ type: 'opened', endpoint: JSON.stringify(intrude(command.config)) });
  else if (command.type === 'close') process.exit(0);
});
send({ type: 'ready' });

function intrude({ databasePath }: EngineConfig): Outcome {
  const attempts: Record<string, string> = {};
  const attempt = (name: string, act: () => void) => {
    try {
      act();
      attempts[name] = 'ok';
    } catch (error) {
      attempts[name] = (error as NodeJS.ErrnoException).code ?? String(error);
    }
  };
  for (const path of wanted.read ?? []) attempt(`read ${path}`, () => readFileSync(path));
  for (const path of wanted.list ?? []) attempt(`list ${path}`, () => readdirSync(path));
  for (const path of wanted.write ?? []) attempt(`write ${path}`, () => closeSync(openSync(path, 'a')));
  for (const pid of wanted.signal ?? []) attempt(`signal ${pid}`, () => process.kill(pid, 0));
  attempt('become root', () => process.setuid?.(0));
  attempt('run a program', () => execFileSync('true'));
  attempt('own database', () => appendFileSync(databasePath, ''));
  attempt('beside own database', () => writeFileSync(join(dirname(databasePath), 'beside'), ''));
  attempt('own work directory', () => writeFileSync('file', ''));
  let [status, limits] = ['', ''];
  attempt('own status', () => {
    status = readFileSync('/proc/self/status', 'utf8');
    limits = readFileSync('/proc/self/limits', 'utf8');
  });
  return { attempts, environment: Object.keys(process.env), status, limits, compiled: getCompileCacheDir() };
}
