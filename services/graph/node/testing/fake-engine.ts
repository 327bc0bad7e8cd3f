/**
 * A small engine process that speaks the protocol and has no database. It does what `fake.json` beside the database
 * says, notes each of its starts in `starts.jsonl`, and answers with its process id as endpoint. On SIGUSR2 it gets a
 * call that does not end, on SIGHUP one that is over at once; SIGQUIT ends it for taking too much memory.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EngineCommand, EngineConfig, EngineEvent } from '../../engine/protocol.ts';
import type { FakeEngineScript } from './fake-engine-script.ts';

const send = (event: EngineEvent) => process.send?.(event);
let script: FakeEngineScript = {};
let callsUnderWay = 0;

process.on('disconnect', () => process.exit(0));
process.on('SIGUSR2', () => tellCalls(1));
process.on('SIGHUP', () => {
  tellCalls(1);
  tellCalls(0);
});
process.on('SIGQUIT', () => {
  process.send?.({ type: 'oversized' } satisfies EngineEvent, () => process.kill(process.pid, 'SIGKILL'));
});
process.on('message', (command: EngineCommand) => {
  if (command.type === 'open') open(command.config);
  else if (command.type === 'ping') answerPing();
  else if (command.type === 'sleep') sleep();
  else close();
});
send({ type: 'ready' });

function tellCalls(count: number): void {
  callsUnderWay = count;
  send({ type: 'activity', callsUnderWay });
}

function answerPing(): void {
  if (script.onPing !== 'hang') send({ type: 'pong' });
}

function sleep(): void {
  const isBusy = script.onSleep === 'busy' || callsUnderWay > 0;
  process.send?.({ type: isBusy ? 'busy' : 'sleeping' } satisfies EngineEvent, () => {
    if (!isBusy) close();
  });
}

function close(): void {
  if (script.onClose !== 'hang') process.exit(0);
}

function open(config: EngineConfig): void {
  const directory = dirname(config.databasePath);
  const path = join(directory, 'fake.json');
  if (existsSync(path)) script = JSON.parse(readFileSync(path, 'utf8'));
  const startsPath = join(directory, 'starts.jsonl');
  const startsBefore = existsSync(startsPath) ? readFileSync(startsPath, 'utf8').split('\n').length - 1 : 0;
  const { graphId, organizationId, tier, verificationKey } = config;
  const start = {
    pid: process.pid,
    epoch: String(config.epoch),
    config: { graphId, organizationId, tier: tier.id, verificationKey, isCareful: config.isCareful },
    environment: process.env,
    workDirectory: process.cwd(),
    workFiles: readdirSync(config.workDirectory),
    execArgv: process.execArgv,
  };
  appendFileSync(startsPath, `${JSON.stringify(start)}\n`);
  writeFileSync('left-over', 'x');
  writeFileSync(config.databasePath, 'rows');
  if (startsBefore < (script.failures ?? 0)) process.exit(3);
  if (script.output) process.stdout.write(script.output);
  if (script.onOpen === 'hang') return;
  if (script.onOpen === 'fail' || script.onOpen === 'fail-damaged') {
    const cause = script.onOpen === 'fail' ? 'other' : 'damaged';
    send({ type: 'failed', cause, message: 'the database at /secret/path is broken' });
    return;
  }
  if (script.isBusy) tellCalls(1);
  send({ type: 'opened', endpoint: `127.0.0.1:${process.pid}` });
}
