import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GraphDirectory } from './graph-directory.ts';

const graphId = 'kg_4m2s0d7q9x1c5v8b3n6h';
let data: string;
let directory: GraphDirectory;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'trellis-graph-'));
  directory = new GraphDirectory(data, graphId);
});
afterEach(() => rm(data, { recursive: true }));

test('an epoch is taken only once, whatever is asked for and also by a later daemon', async () => {
  expect(await directory.takeEpoch(1n)).toBe(1n);
  expect(await directory.takeEpoch(1n)).toBe(2n);
  expect(await directory.takeEpoch(9n)).toBe(9n);
  const later = new GraphDirectory(data, graphId);
  expect(await later.takeEpoch(3n)).toBe(10n);
});

test('an epoch file that cannot be read stops the opening rather than repeating epochs', async () => {
  await directory.takeEpoch(5n);
  await writeFile(join(data, 'graph-node', 'epochs', graphId), 'not a number');
  await expect(directory.takeEpoch(6n)).rejects.toThrow();
});

test("the epoch is kept where the graph's engine cannot change it", async () => {
  await directory.takeEpoch(1n);
  await directory.giveTo(undefined);
  expect(await readdir(join(data, 'graphs', graphId))).toEqual([]);
});

test('a graph that was open has lost its database where the file is gone or empty, a new one has not', async () => {
  await directory.giveTo(undefined);
  expect(await directory.hasLostDatabase()).toBe(false);
  await directory.noteCreated();
  const later = new GraphDirectory(data, graphId);
  expect(await later.hasLostDatabase()).toBe(true);
  await writeFile(directory.databasePath, '');
  expect(await later.hasLostDatabase()).toBe(true);
  await writeFile(directory.databasePath, 'rows');
  expect(await later.hasLostDatabase()).toBe(false);
  await later.delete();
  expect(await new GraphDirectory(data, graphId).hasLostDatabase()).toBe(false);
});

test('deleting leaves nothing, and deleting nothing is fine', async () => {
  await directory.takeEpoch(1n);
  await directory.giveTo(undefined);
  await writeFile(directory.databasePath, '');
  await directory.noteCreated();
  await directory.delete();
  await directory.delete();
  expect(await readdir(join(data, 'graphs'))).toEqual([]);
  expect(await readdir(join(data, 'graph-node', 'epochs'))).toEqual([]);
  expect(await readdir(join(data, 'graph-node', 'created'))).toEqual([]);
});

test.each(['', '..', 'kg_../../../etc/passwd', `${graphId}/..`, 'kg_4M2S0D7Q9X1C5V8B3N6H', `${graphId}\n`])(
  'what is no graph id never becomes a path: %j',
  (text) => {
    expect(() => new GraphDirectory(data, text)).toThrow('not the id of a graph');
  },
);
