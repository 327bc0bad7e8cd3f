import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createVerifier } from '../../mesh/identity/assertion.ts';
import { createLogger, type Logger } from '../../mesh/log/logger.ts';
import { type GrpcServer, serveGrpc } from '../../mesh/rpc/grpc-server.ts';
import { uploadPattern } from '../rpc/upload-pattern.ts';
import type { EngineGraph } from './engine-graph.ts';
import { ImportBoard } from './import/import-board.ts';
import { UploadSlots } from './import/upload-slots.ts';
import { KuzuEngine } from './kuzu/kuzu-engine.ts';
import { openFailureOf } from './kuzu/open-failure.ts';
import { MemoryWatch } from './memory-watch.ts';
import { StatementPreparer } from './prepare-statement.ts';
import type { EngineCommand, EngineConfig, EngineEvent } from './protocol.ts';
import { SchemaCache } from './read-schema.ts';
import { rehearsalConfig } from './rehearsal.ts';
import { createRoutes } from './routes.ts';
import { StatementRunner } from './run-statement.ts';
import { watchCalls } from './watch-calls.ts';

const checkpointBytes = 64 * 2 ** 20;
const stuckMs = 10_000;

/** How long a statement may go on that nobody waits for, where it is in the way or nobody else is there. */
const abandonedMs = 3_000;

/** What a write leaves free on the volume, so that something can still be deleted. */
const volumeBytesFreeMin = 64 * 2 ** 20;

const importBytesDefault = 512 * 2 ** 20;

/** What the process may take beside the buffer pool: the engine's own heap, results on their way, this runtime. */
const memoryBesideBytes = 2 ** 30;

/** What is left of it when memory counts as short: as much as many a statement takes at once. */
const memoryLeftBytes = 512 * 2 ** 20;

/** How often a process that nobody calls looks whether a new one would need less memory. */
const renewalLookMs = 1_000;

/** How long calls under way may take at the end; then they are cut off. */
const drainMs = 4_000;

/** How long statements may take to end once their calls have. */
const lastStatementsMs = 3_000;

/** How long an answer has to go out before the process ends for something that only a new one mends. */
const lastAnswersMs = 200;

interface Open {
  readonly engine: KuzuEngine;
  readonly server: GrpcServer;
  /** Ends the watches over the process's memory. */
  readonly unwatch: () => void;
}

/** The life of an engine process: opens one graph, serves it, closes it, ends. */
export class EngineProcess {
  readonly #send: (event: EngineEvent) => Promise<void>;
  readonly #end: (isClean: boolean) => void;
  #rehearsal: Promise<void> = Promise.resolve();
  #opening: Promise<Open | undefined> | undefined;
  #isClosing = false;
  #log: Logger | undefined;
  readonly #calls = { underWay: 0 };

  constructor(send: (event: EngineEvent) => Promise<void>, end: (isClean: boolean) => void) {
    this.#send = send;
    this.#end = end;
  }

  /**
   * Opens and closes an empty graph in memory, so that the real opening runs code that has run before: a first one
   * takes five times the processor time of a second. Not where somebody waits for the real one.
   */
  rehearse(): Promise<void> {
    if (this.#opening) return Promise.resolve();
    this.#rehearsal = this.#rehearse().catch((error: unknown) => {
      console.error('an engine process could not rehearse', error);
    });
    return this.#rehearsal;
  }

  async obey(command: EngineCommand): Promise<void> {
    if (command.type === 'close') return this.close();
    if (command.type === 'sleep') return this.#sleep();
    if (command.type === 'ping') return this.#send({ type: 'pong' });
    if (this.#opening) return;
    this.#opening = this.#rehearsal
      .then(() => this.#open(command.config))
      .catch(async (error: unknown) => {
        this.#log?.error({ err: error }, 'the graph did not open');
        const message = error instanceof Error ? error.message : String(error);
        await this.#send({ type: 'failed', cause: openFailureOf(error), message });
        this.#end(false);
        return undefined;
      });
    const open = await this.#opening;
    if (open) await this.#send({ type: 'opened', endpoint: open.server.endpoint });
  }

  /** Lets calls under way finish, checkpoints, closes and ends the process. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    let isClean = false;
    try {
      const open = await this.#opening;
      await open?.server.close();
      const deadlineMs = Date.now() + lastStatementsMs;
      await open?.engine.close({ deadlineMs, signal: new AbortController().signal });
      isClean = true;
    } catch (error) {
      // What was acknowledged is in the log of the database; the next process replays it.
      this.#log?.warn({ err: error }, 'the graph was not closed cleanly');
    }
    this.#end(isClean);
  }

  #renewIfIdle(memory: MemoryWatch): void {
    if (!memory.mayRenew || this.#calls.underWay > 0) return;
    this.#log?.info('the engine process ends to give back memory that it does not need');
    void this.close();
  }

  /** Closes where no call is under way. From the answer on no call is taken: its caller is told that it was not. */
  async #sleep(): Promise<void> {
    if (this.#calls.underWay > 0) return this.#send({ type: 'busy' });
    void this.#send({ type: 'sleeping' });
    await this.close();
  }

  /** Ends the process at once; what was acknowledged is in the log of the database. */
  fail(error: unknown): void {
    this.#log?.fatal({ err: error }, 'the engine process ends');
    this.#end(false);
  }

  async #rehearse(): Promise<void> {
    const { engine, server, unwatch } = await this.#open(rehearsalConfig());
    unwatch();
    await server.close();
    await engine.close({ deadlineMs: Date.now() + lastStatementsMs, signal: new AbortController().signal });
  }

  async #open(config: EngineConfig): Promise<Open> {
    const log = createLogger('engine', config.logLevel).child({ graphId: config.graphId });
    this.#log = log;
    const { tier } = config;
    await clearUploads(config.workDirectory);
    const verifier = await createVerifier(config.verificationKey);
    const replaceMe = (why: string) => {
      log.error({ why }, 'the engine process ends, to be replaced');
      setTimeout(() => this.#end(false), lastAnswersMs);
    };
    let engine: KuzuEngine | undefined;
    const bytesMax = tier.bufferPoolBytes + memoryBesideBytes;
    const memory = new MemoryWatch({
      bytesMax,
      tightBytes: bytesMax - memoryLeftBytes,
      isCareful: config.isCareful,
      onTooMuch: () => {
        void this.#send({ type: 'oversized' });
        if (engine) engine.breakForMemory();
        else replaceMe('it takes more memory to open than it has');
      },
    });
    engine = await KuzuEngine.open({
      connectionsMax: tier.statementsMax,
      threadsPerStatement: tier.threadsPerStatement,
      readsWaitingMax: tier.readsWaitingMax,
      writesWaitingMax: tier.writesWaitingMax,
      databasePath: config.databasePath,
      bufferPoolBytes: tier.bufferPoolBytes,
      storageBytesMax: tier.storageBytesMax,
      volumeBytesFreeMin,
      checkpointBytes,
      stuckMs,
      abandonedMs,
      isTight: () => memory.isTight,
      isQuiet: () => this.#calls.underWay === 0,
      onBroken: replaceMe,
    });
    const renewal = setInterval(() => this.#renewIfIdle(memory), renewalLookMs).unref();
    const unwatch = () => {
      memory.close();
      clearInterval(renewal);
    };
    const schema = new SchemaCache();
    const graph: EngineGraph = {
      graphId: config.graphId,
      organizationId: config.organizationId,
      repository: config.repository,
      epoch: config.epoch,
      tier,
      engine,
      schema,
      preparer: new StatementPreparer(tier.statementCharactersMax),
      runner: new StatementRunner(engine, schema),
      workDirectory: config.workDirectory,
      importBytesMax: config.importBytesMax ?? importBytesDefault,
      imports: new ImportBoard(),
      uploads: new UploadSlots(),
      log,
    };
    const services = createRoutes(graph).map((service) =>
      watchCalls(
        service,
        this.#calls,
        (callsUnderWay) => void this.#send({ type: 'activity', callsUnderWay }),
      ),
    );
    const server = await serveGrpc({ services, verifier, address: '127.0.0.1:0', log, drainMs });
    return { engine, server, unwatch };
  }
}

/** A process that was killed leaves its uploads behind. */
async function clearUploads(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(directory)) {
    if (uploadPattern.test(name)) await rm(join(directory, name), { force: true });
  }
}
