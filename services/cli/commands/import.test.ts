import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { type FakeAnswer, failure, runCli, startFakeMesh, temporaryDirectory } from '../testing.ts';

const loaded = { json: { rowCount: 2, elapsedMs: 1.25, revision: '1.4' } };

async function file(content: string | Uint8Array, name = 'people.csv'): Promise<string> {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, content);
  return path;
}

/** Answers an upload, and tells of it what WatchImport would. */
const meshOf = (upload: FakeAnswer, ...news: object[]) =>
  startFakeMesh(({ call }) => {
    if (!call.includes('/progress')) return upload;
    return { text: news.map((each) => `${JSON.stringify(each)}\n`).join('') };
  });

type Mesh = Awaited<ReturnType<typeof meshOf>>;
const uploadIn = ({ seen }: Mesh) => seen.find(({ call }) => call.startsWith('POST'));

function envFor(url: string) {
  return { TRELLIS_URL: url, TRELLIS_API_KEY: 'k' };
}

test('the file is sent as it is, with how it is written in the query', async () => {
  const mesh = await meshOf(loaded);
  const content = 'id|name\n1|Zoë\n2|"x|y"\n';
  const options = ['--header', '--delimiter', '|', '--quote', "'", '--escape', '\\'];
  const labels = ['--from-label', 'A', '--to-label', 'B'];
  const args = ['import', 'kg_1', 'a/b', await file(content), ...options, ...labels];
  const { code, stdout } = await runCli([...args, '--output', 'table'], { env: envFor(mesh.url) });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Loaded 2 rows in 1.3 ms.\n' });
  const [path, importId] = uploadIn(mesh)?.call.split('&importId=') ?? [];
  expect(path).toBe(
    'POST /v1/graphs/kg_1/tables/a%2Fb/import?csv.header=true&csv.delimiter=%7C&csv.quote=%27' +
      '&csv.escape=%5C&fromLabel=A&toLabel=B',
  );
  expect(mesh.seen.map(({ call }) => call)).toContain(`GET /v1/graphs/kg_1/imports/${importId}/progress`);
  expect(uploadIn(mesh)?.headers['content-type']).toBe('text/csv');
  expect(uploadIn(mesh)?.body).toBe(content);
});

test('a large file is streamed in chunks', async () => {
  const mesh = await meshOf(loaded);
  const path = await file(Buffer.alloc(4 * 2 ** 20, '1,Ada\n'));
  const { code } = await runCli(['import', 'kg_1', 'T', path], { env: envFor(mesh.url) });
  expect(code).toBe(0);
  expect(uploadIn(mesh)?.headers['transfer-encoding']).toBe('chunked');
  expect(uploadIn(mesh)?.body).toHaveLength(4 * 2 ** 20);
});

test.each([
  ['people.csv', [], 'text/csv'],
  ['people.NDJSON', [], 'application/x-ndjson'],
  ['people.jsonl', [], 'application/x-ndjson'],
  ['people.parquet', [], 'application/vnd.apache.parquet'],
  ['people', ['--format', 'parquet'], 'application/vnd.apache.parquet'],
  ['people.csv', ['--format', 'ndjson'], 'application/x-ndjson'],
])('%s %s is sent as what it is', async (name, options, contentType) => {
  const mesh = await meshOf(loaded);
  const path = await file('x', name);
  const { code } = await runCli(['import', 'kg_1', 'T', path, ...options], { env: envFor(mesh.url) });
  expect([code, uploadIn(mesh)?.headers['content-type']]).toEqual([0, contentType]);
});

test('a name that does not tell the format is asked about, before anything is sent', async () => {
  const mesh = await meshOf(loaded);
  const { code, stderr } = await runCli(['import', 'kg_1', 'T', 'people.xyz'], { env: envFor(mesh.url) });
  expect([code, mesh.seen]).toEqual([2, []]);
  expect(stderr).toContain('--format csv, ndjson or parquet');
});

const progress = [
  { stage: 'IMPORT_STAGE_RECEIVING', bytesReceived: '1048576', rowsRead: 10 },
  { stage: 'IMPORT_STAGE_CHECKING', bytesReceived: '2097152', rowsRead: 20 },
];

test('--progress tells in lines what is received, where stderr is no terminal', async () => {
  const gate = Promise.withResolvers<void>();
  const mesh = await meshOf(loaded, ...progress);
  const stdin = Readable.from(
    (async function* () {
      yield Buffer.from('1,Ada\n');
      await gate.promise;
    })(),
  );
  // The upload does not end before its progress was told.
  const watched = expect.poll(() => mesh.seen.some(({ call }) => call.startsWith('GET'))).toBe(true);
  const run = runCli(['import', 'kg_1', 'T', '-', '--progress'], { env: envFor(mesh.url), stdin });
  await watched;
  gate.resolve();
  const { code, stderr } = await run;
  expect(code).toBe(0);
  expect(stderr).toContain('receiving stdin: 1.0 MiB, 10 rows\n');
});

test('a refused file exits with 1, the rows, and the line of the mesh', async () => {
  const refusedRows = Array.from({ length: 25 }, (_, index) => ({
    line: index + 3,
    ...(index % 2 && { column: 'id' }),
    reason: `no \u001bgood`,
  }));
  const answer = failure(400, 'IMPORT_ROW_INVALID', 'line 3: expected 2 values');
  const mesh = await meshOf(answer, { stage: 'IMPORT_STAGE_FAILED', refusedRows });
  const { code, stderr } = await runCli(['import', 'kg_1', 'T', await file('1,Ada\n')], {
    env: envFor(mesh.url),
  });
  expect(code).toBe(1);
  const lines = stderr.split('\n');
  expect(lines.slice(0, 2)).toEqual(['line 3: no \\u001bgood', 'line 4, id: no \\u001bgood']);
  expect(lines.slice(20)).toEqual([
    'and 5 more that the mesh tells of',
    'trellis: line 3: expected 2 values (IMPORT_ROW_INVALID, request req-1)',
    '',
  ]);
});

test('- sends stdin', async () => {
  const mesh = await meshOf(loaded);
  const { code } = await runCli(['import', 'kg_1', 'T', '-'], { env: envFor(mesh.url), stdin: '1,Ada\n' });
  expect(code).toBe(0);
  expect(uploadIn(mesh)?.body).toBe('1,Ada\n');
});

test.each([
  ['/nonexistent.csv', 'there is no such file or directory'],
  ['/', 'it is a directory'],
])('%s cannot be read: nothing is called', async (path, reason) => {
  const mesh = await meshOf(loaded);
  const { code, stderr } = await runCli(['import', 'kg_1', 'T', path, '--format', 'csv'], {
    env: envFor(mesh.url),
  });
  expect({ code, stderr }).toEqual({ code: 1, stderr: `trellis: cannot read ${path}: ${reason}\n` });
  expect(mesh.seen).toEqual([]);
});
