import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GraphService, ImportStage } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { createSigner } from '../../mesh/identity/assertion.ts';
import { standardTier } from '../../mesh/plan/tier-table.testing.ts';
import type { Channel } from '../../mesh/rpc/channel.ts';
import { type Client, createClient } from '../../mesh/rpc/client.ts';
import { createGrpcChannel } from '../../mesh/rpc/grpc-channel.ts';
import type { EngineConfig, EngineEvent } from './protocol.ts';
import { failureOf, kindsOf, testGraphId, testOrganizationId } from './testing.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
const graphId = testGraphId;

/** An engine process with what it says and a client of it. */
interface Engine {
  readonly child: ChildProcess;
  readonly events: EngineEvent[];
  readonly client: Client<typeof GraphService>;
}

let directory: string;
let publicKey: JWK;
let privateKey: JWK;
const children: ChildProcess[] = [];
const channels: Channel[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trellis-engine-process-'));
  const keys = await generateKeyPair('EdDSA', { extractable: true });
  publicKey = await exportJWK(keys.publicKey);
  privateKey = await exportJWK(keys.privateKey);
});
afterEach(async () => {
  for (const channel of channels.splice(0)) await channel.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const configOf = (name: string, epoch = 1n): EngineConfig => ({
  graphId,
  organizationId: testOrganizationId,
  repository: '',
  tier: standardTier,
  epoch,
  databasePath: join(directory, `${name}.kuzu`),
  workDirectory: join(directory, name),
  verificationKey: publicKey,
  logLevel: 'silent',
  isCareful: false,
});

function start(config: EngineConfig) {
  const child = fork(program, [], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  const events: EngineEvent[] = [];
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  child.on('message', (event: EngineEvent) => {
    if (event.type !== 'ready') events.push(event);
  });
  child.send({ type: 'open', config });
  return { child, events, exited };
}

async function open(
  config: EngineConfig,
): Promise<Engine & { exited: Promise<[number | null, string | null]> }> {
  const started = start(config);
  await expect.poll(() => started.events.at(0)?.type, { timeout: 20_000 }).toBeDefined();
  const [event] = started.events;
  if (event?.type !== 'opened') throw new Error(`the engine did not open: ${JSON.stringify(event)}`);
  const signer = await createSigner('edge', privateKey);
  const principal = create(PrincipalSchema, { organizationId: testOrganizationId });
  const channel = createGrpcChannel(event.endpoint, () => signer(principal));
  channels.push(channel);
  return { ...started, client: createClient(GraphService, channel) };
}

describe('an engine process', () => {
  test('opens, serves, tells its activity, closes with everything in the file, and opens again', async () => {
    const config = configOf('life');
    const { child, client, events, exited } = await open(config);
    await client.execute({ graphId, statement: 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)' });
    const written = await client.execute({
      graphId,
      statement: 'CREATE (n:T {id: 9007199254740993}) RETURN n.id',
    });
    expect(kindsOf(written)).toMatchObject([{ value: 9_007_199_254_740_993n }]);
    expect(written.revision).toBe('1.2');
    const streamed = [];
    for await (const message of client.streamQuery({
      graphId,
      statement: 'UNWIND range(1, 2500) AS i RETURN i',
    })) {
      streamed.push(message);
    }
    expect(streamed.at(-1)?.done?.rowCount).toBe(2_500);
    expect((await client.getSchema({ graphId })).nodeTables).toMatchObject([{ name: 'T' }]);
    expect(await failureOf(client.query({ graphId, statement: 'CREATE (:T)' }))).toMatchObject({
      reason: 'STATEMENT_WRITES',
      construct: 'CREATE',
    });
    await expect.poll(() => events.at(-1)).toEqual({ type: 'activity', callsUnderWay: 0 });
    expect(events).toContainEqual({ type: 'activity', callsUnderWay: 1 });
    child.kill('SIGINT');
    child.send({ type: 'close' });
    expect(await exited).toEqual([0, null]);
    expect(existsSync(`${config.databasePath}.wal`)).toBe(false);
    const again = await open(configOf('life', 2n));
    const read = await again.client.query({ graphId, statement: 'MATCH (n:T) RETURN count(n)' });
    expect(kindsOf(read)).toMatchObject([{ value: 1n }]);
    expect(read.revision).toBe('2.0');
  });

  test('ends when it has more memory than it may, and tells the statement that ran alone that it was that', async () => {
    const { client, events, exited } = await open(configOf('oversized'));
    const answer = client.query({ graphId, statement: 'RETURN size(range(1, 200000000))' });
    expect(await failureOf(answer)).toMatchObject({ reason: 'OUT_OF_MEMORY' });
    expect(await exited).toEqual([null, 'SIGKILL']);
    expect(events).toContainEqual({ type: 'oversized' });
  });

  test('loses no acknowledged write when it is killed', async () => {
    const first = await open(configOf('killed'));
    await first.client.execute({ graphId, statement: 'CREATE NODE TABLE T(id INT64 PRIMARY KEY, s STRING)' });
    const acknowledged: number[] = [];
    let next = 0;
    const writer = async () => {
      for (;;) {
        const id = next;
        next += 1;
        await first.client.execute({
          graphId,
          statement: `CREATE (:T {id: ${id}, s: '${'x'.repeat(500)}'})`,
        });
        acknowledged.push(id);
        if (acknowledged.length === 150) first.child.kill('SIGKILL');
      }
    };
    const ends = await Promise.all([failureOf(writer()), failureOf(writer()), failureOf(writer())]);
    expect(ends.map(({ reason }) => reason)).toEqual(
      Array(3).fill(expect.stringMatching(/UNAVAILABLE|OUTCOME/)),
    );
    expect(acknowledged.length).toBeGreaterThanOrEqual(150);
    expect((await stat(join(directory, 'killed.kuzu.wal'))).size).toBeGreaterThan(0);
    const second = await open(configOf('killed', 2n));
    const read = await second.client.query({ graphId, statement: 'MATCH (n:T) RETURN n.id ORDER BY n.id' });
    const found = new Set(read.rows.map((row) => Number(row.values[0]?.kind.value)));
    expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
    expect(found.size).toBeLessThanOrEqual(acknowledged.length + 3);
  });

  test('imports over the network', async () => {
    const { client } = await open(configOf('import'));
    await client.execute({ graphId, statement: 'CREATE NODE TABLE T(id INT64 PRIMARY KEY, s STRING)' });
    const messages = async function* () {
      yield { graphId, table: 'T', body: { contentType: 'text/csv' } };
      for (let part = 0; part < 20; part += 1) {
        const lines = Array.from(
          { length: 1_000 },
          (_, index) => `${part * 1_000 + index},"line\n${index}"\n`,
        );
        yield { body: { data: new TextEncoder().encode(lines.join('')) } };
      }
    };
    expect(await client.importTable(messages())).toMatchObject({ rowCount: 20_000, revision: '1.2' });
  });

  test('tells how far an import is, over the network', async () => {
    const { client } = await open(configOf('progress'));
    await client.execute({ graphId, statement: 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)' });
    const stages: ImportStage[] = [];
    const isExpected = Promise.withResolvers<void>();
    const watch = async () => {
      for await (const { stage } of client.watchImport({ graphId, importId: 'i' })) {
        if (stages.at(-1) !== stage) stages.push(stage);
        isExpected.resolve();
      }
    };
    const watched = watch();
    await isExpected.promise;
    const messages = async function* () {
      const body = { contentType: 'application/x-ndjson', data: Buffer.from('{"id":1}\n') };
      yield { graphId, table: 'T', importId: 'i', body };
    };
    expect(await client.importTable(messages())).toMatchObject({ rowCount: 1 });
    await watched;
    // A reader misses stages that are over before it was told of them, never the order or the end.
    expect(stages).toEqual(stages.toSorted((a, b) => a - b));
    expect([stages.at(0), stages.at(-1)]).toEqual([ImportStage.EXPECTED, ImportStage.DONE]);
  });

  test('leaves nothing of an upload behind when it is killed, and the graph as it was', async () => {
    const config = configOf('killed-upload');
    const { client, child, exited } = await open(config);
    await client.execute({ graphId, statement: 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)' });
    const isReceiving = Promise.withResolvers<void>();
    const messages = async function* () {
      const data = Buffer.from(Array.from({ length: 50_000 }, (_, id) => `${id}\n`).join(''));
      yield { graphId, table: 'T', importId: 'i', body: { contentType: 'text/csv', data } };
      await isReceiving.promise;
      child.kill('SIGKILL');
    };
    const failure = failureOf(client.importTable(messages()));
    for await (const { bytesReceived } of client.watchImport({ graphId, importId: 'i' })) {
      if (bytesReceived > 0n) break;
    }
    const uploads = async () => (await readdir(config.workDirectory)).filter((name) => /^upload/.test(name));
    expect(await uploads()).toHaveLength(1);
    isReceiving.resolve();
    expect(await failure).toMatchObject({ reason: expect.stringMatching(/UNAVAILABLE|OUTCOME/) });
    await exited;
    const again = await open(configOf('killed-upload', 2n));
    expect(await uploads()).toEqual([]);
    const read = await again.client.query({ graphId, statement: 'MATCH (n:T) RETURN count(n)' });
    expect(kindsOf(read)).toMatchObject([{ value: 0n }]);
  });

  test('answers only services of the mesh', async () => {
    const { events } = await open(configOf('mesh'));
    const [opened] = events;
    const { privateKey: strangers } = await generateKeyPair('EdDSA', { extractable: true });
    const signer = await createSigner('edge', await exportJWK(strangers));
    const channel = createGrpcChannel(opened?.type === 'opened' ? opened.endpoint : '', () => signer());
    channels.push(channel);
    const call = createClient(GraphService, channel).query({ graphId, statement: 'RETURN 1' });
    expect(await failureOf(call)).toMatchObject({ reason: 'CREDENTIAL_INVALID' });
  });

  test('ends when its daemon is gone, with everything in the file', async () => {
    const config = configOf('orphan');
    const { child, client, exited } = await open(config);
    await client.execute({ graphId, statement: 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)' });
    child.disconnect();
    expect(await exited).toEqual([0, null]);
    expect(existsSync(`${config.databasePath}.wal`)).toBe(false);
  });

  test('says when it has loaded its code, and answers questions before and after it opens', async () => {
    const config = configOf('asked');
    const child = fork(program, [], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.push(child);
    const next = async () => ((await once(child, 'message')) as [EngineEvent])[0];
    expect(await next()).toEqual({ type: 'ready' });
    child.send({ type: 'ping' });
    expect(await next()).toEqual({ type: 'pong' });
    child.send({ type: 'open', config });
    expect(await next()).toMatchObject({ type: 'opened' });
    child.send({ type: 'ping' });
    expect(await next()).toEqual({ type: 'pong' });
  });

  test('sleeps when it is asked to and has no call; with one it stays and serves it', async () => {
    const config = configOf('sleep');
    const { child, client, events, exited } = await open(config);
    await client.execute({ graphId, statement: 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)' });
    const last = () => events.at(-1);
    const slow = { timeout: 20_000 };
    await expect.poll(last, slow).toEqual({ type: 'activity', callsUnderWay: 0 });
    const isUpload = Promise.withResolvers<void>();
    const messages = async function* () {
      yield {
        graphId,
        table: 'T',
        importId: 'i',
        body: { contentType: 'text/csv', data: Buffer.from('1\n') },
      };
      await isUpload.promise;
    };
    const imported = client.importTable(messages());
    await expect
      .poll(() => events.at(-1), { timeout: 20_000 })
      .toEqual({ type: 'activity', callsUnderWay: 1 });
    child.send({ type: 'sleep' });
    await expect.poll(() => events, slow).toContainEqual({ type: 'busy' });
    isUpload.resolve();
    expect(await imported).toMatchObject({ rowCount: 1 });
    await expect
      .poll(() => events.at(-1), { timeout: 20_000 })
      .toEqual({ type: 'activity', callsUnderWay: 0 });
    child.send({ type: 'sleep' });
    expect(await exited).toEqual([0, null]);
    expect(events.at(-1)).toEqual({ type: 'sleeping' });
    expect(existsSync(`${config.databasePath}.wal`)).toBe(false);
  });

  test('ends when it has to be replaced, whatever runs: a statement that nobody waits for', async () => {
    const { client, exited } = await open(configOf('abandoned'));
    const left = new AbortController();
    const endless = 'UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y RETURN sum(x * y)';
    const call = client.query({ graphId, statement: endless }, { signal: left.signal });
    await client.query({ graphId, statement: 'RETURN 1' });
    left.abort();
    expect(await failureOf(call)).toMatchObject({ reason: 'CANCELLED' });
    // Nothing tells but the end of the process: the tier would let the statement run on for 30 s.
    expect(await exited).toEqual([null, 'SIGKILL']);
    const again = await open(configOf('abandoned', 2n));
    expect((await again.client.query({ graphId, statement: 'RETURN 1' })).rowCount).toBe(1);
  });

  test('says why it cannot open, and ends', async () => {
    const config = configOf('broken');
    await writeFile(config.databasePath, 'this is no database');
    const { events, exited } = start(config);
    expect(await exited).toEqual([null, 'SIGKILL']);
    expect(events).toMatchObject([{ type: 'failed', cause: 'damaged' }]);
  });
});
