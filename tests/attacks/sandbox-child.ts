/** The process of `EngineSandbox`: an engine in memory that prepares whatever it is sent. */
import { createRequire } from 'node:module';
import type * as Kuzu from 'kuzu';
import type { SandboxAnswer, SandboxRequest } from './sandbox.ts';

const timeoutMs = 2_000;
/** Statements after which the connection is replaced: the engine forgets no prepared statement until it closes. */
const connectionStatementsMax = 200;

const { Connection, Database } = createRequire(import.meta.url)('kuzu') as typeof Kuzu;
const database = new Database(':memory:', 256 << 20, true, false, 2 ** 32);
database.initSync();
let connection = connect();
let statements = 0;

process.once('message', (setup: readonly string[]) => {
  for (const statement of setup) run(statement);
  process.on('message', (request: SandboxRequest) => process.send?.(answer(request)));
  process.send?.('ready');
});
process.once('disconnect', () => process.exit(0));

function connect(): Kuzu.Connection {
  const opened = new Connection(database, 1);
  opened.initSync();
  opened.setQueryTimeout(timeoutMs);
  return opened;
}

function answer({ original, canonical }: SandboxRequest): SandboxAnswer {
  statements += 1;
  if (statements % connectionStatementsMax === 0) {
    connection.closeSync();
    connection = connect();
  }
  if (canonical === undefined) return { original: objection(original), canonical: null, readOnly: null };
  const answers = {
    original: objection(original),
    canonical: objection(canonical),
    readOnly: within('BEGIN TRANSACTION READ ONLY', () => objection(canonical)),
  };
  if (answers.canonical === null) within('BEGIN TRANSACTION', () => failureOf(canonical));
  return answers;
}

function objection(statement: string): string | null {
  const prepared = connection.prepareSync(statement);
  return prepared.isSuccess() ? null : prepared.getErrorMessage();
}

function within<T>(begin: string, work: () => T): T {
  run(begin);
  try {
    return work();
  } finally {
    const failure = failureOf('ROLLBACK');
    // An objection may have ended the transaction already.
    if (failure !== null && !/No active transaction/.test(failure)) process.exit(70);
  }
}

function failureOf(statement: string): string | null {
  try {
    run(statement);
    return null;
  } catch (error) {
    return String(error);
  }
}

function run(statement: string): void {
  for (const result of [connection.querySync(statement)].flat()) {
    result.getNumTuples();
    result.close();
  }
}
