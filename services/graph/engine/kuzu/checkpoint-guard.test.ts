import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CheckpointGuard } from './checkpoint-guard.ts';

const [commit, checkpoint] = [0x02, 0xfe];
let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trellis-guard-'));
  path = join(directory, 'graph.kuzu');
  await writeFile(path, 'before');
});
afterEach(() => rm(directory, { recursive: true }));

const log = (...bytes: number[]) => writeFile(`${path}.wal`, Buffer.from(bytes));

/** What the next process finds, and opens, where one ended within a checkpoint. */
async function recovered(): Promise<string> {
  await new CheckpointGuard(path).recover();
  expect((await readdir(directory)).filter((name) => name.includes('before'))).toEqual([]);
  return await readFile(path, 'utf8');
}

async function beginAndChange(): Promise<CheckpointGuard> {
  const guard = new CheckpointGuard(path);
  await guard.begin();
  await writeFile(path, 'half');
  return guard;
}

test('a checkpoint that is not in the log is undone, and the log still has everything', async () => {
  await log(1, 30, commit);
  await beginAndChange();
  expect(await recovered()).toBe('before');
  expect(await readFile(`${path}.wal`)).toEqual(Buffer.from([1, 30, commit]));
});

test('a checkpoint that is in the log is left to the engine to finish', async () => {
  await log(1, 30, commit);
  await beginAndChange();
  await log(1, 30, commit, checkpoint);
  expect(await recovered()).toBe('half');
});

test('a checkpoint that has removed the log is whole', async () => {
  await log(1, 30, commit);
  await beginAndChange();
  await rm(`${path}.wal`);
  expect(await recovered()).toBe('half');
});

test('one that began without a log is undone unless the log says that it is whole', async () => {
  await beginAndChange();
  expect(await recovered()).toBe('before');
  await beginAndChange();
  await log(checkpoint);
  expect(await recovered()).toBe('half');
});

test('what was logged after its beginning goes with it', async () => {
  await log(1, 30, commit);
  await beginAndChange();
  await log(1, 30, commit, 1, 35, commit);
  expect(await recovered()).toBe('before');
  expect(await readFile(`${path}.wal`)).toEqual(Buffer.from([1, 30, commit]));
});

test('a half record that ends like a checkpoint is none', async () => {
  await log(1, 30, commit);
  await beginAndChange();
  await log(1, 30, commit, 1, checkpoint);
  expect(await recovered()).toBe('before');
});

test('after its end, and where the copy was not finished, the file is as it is', async () => {
  await (await beginAndChange()).end();
  expect(await recovered()).toBe('half');
  await writeFile(`${path}.before.draft`, 'bef');
  expect(await recovered()).toBe('half');
});
