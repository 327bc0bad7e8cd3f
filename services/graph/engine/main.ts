import { getCompileCacheDir } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { EngineCommand, EngineEvent } from './protocol.ts';

// A statement keeps a thread of libuv's pool for as long as it runs; four are not enough. It reads this once, when
// it is first used, so it is set before anything else is loaded.
process.env.UV_THREADPOOL_SIZE ??= '16';

const { letHeapGrow } = await import('../../mesh/process/let-heap-grow.ts');
letHeapGrow();

const { NODE_COMPILE_CACHE: compileCache } = process.env;
if (compileCache && !getCompileCacheDir()) console.error('the code compiled ahead is not used', compileCache);

// What `ps` shows: which graph it has, or that it is a spare. No longer than the command line that it replaces.
const openTitle = (graphId: string) => `trellis/graph/engine/${graphId}`;
process.title = 'trellis/graph/spare';

// The terminal sends SIGINT to the whole group; the daemon decides what becomes of its engines.
process.on('SIGINT', () => {});

const { EngineProcess } = await import('./engine-process.ts');
const { endProcess } = await import('./end-process.ts');

const send = (event: EngineEvent) =>
  new Promise<void>((resolve) => {
    if (process.connected) process.send?.(event, undefined, undefined, () => resolve());
    else resolve();
  });
const engineProcess = new EngineProcess(send, endProcess);

process.on('message', (command: EngineCommand) => {
  if (command.type === 'open') process.title = openTitle(command.config.graphId);
  void engineProcess.obey(command);
});
process.on('disconnect', () => void engineProcess.close());
process.on('SIGTERM', () => void engineProcess.close());
process.on('uncaughtException', (error) => engineProcess.fail(error));
process.on('unhandledRejection', (error) => engineProcess.fail(error));

// What came while the code was loaded is heard first: a process that was not a spare is told at once what to open.
await setImmediate();
await engineProcess.rehearse();
// Only where code is compiled ahead: what other processes load when they need it.
for (const path of process.argv.slice(2)) await import(pathToFileURL(path).href);
await send({ type: 'ready' });
