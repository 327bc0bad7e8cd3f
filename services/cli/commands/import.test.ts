import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure, runCli, startFakeMesh, temporaryDirectory } from '../testing.ts';

const loaded = { json: { rowCount: 2, elapsedMs: 1.25, revision: '1.4' } };

async function file(content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryDirectory(), 'people.csv');
  await writeFile(path, content);
  return path;
}

function envFor(url: string) {
  return { TRELLIS_URL: url, TRELLIS_API_KEY: 'k' };
}

test('the file is sent as it is, with how it is written in the query', async () => {
  const mesh = await startFakeMesh(() => loaded);
  const content = 'id|name\n1|Zoë\n2|"x|y"\n';
  const options = ['--header', '--delimiter', '|', '--quote', "'", '--escape', '\\'];
  const labels = ['--from-label', 'A', '--to-label', 'B'];
  const args = ['import', 'kg_1', 'a/b', await file(content), ...options, ...labels];
  const { code, stdout } = await runCli([...args, '--output', 'table'], { env: envFor(mesh.url) });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Loaded 2 rows in 1.3 ms.\n' });
  expect(mesh.seen[0]?.call).toBe(
    'POST /v1/graphs/kg_1/tables/a%2Fb/import?csv.header=true&csv.delimiter=%7C&csv.quote=%27' +
      '&csv.escape=%5C&fromLabel=A&toLabel=B',
  );
  expect(mesh.seen[0]?.headers['content-type']).toBe('text/csv');
  expect(mesh.seen[0]?.body).toBe(content);
});

test('a large file is streamed: it goes in chunks, and its progress to the terminal and nowhere else', async () => {
  const mesh = await startFakeMesh(() => loaded);
  const path = await file(Buffer.alloc(4 * 2 ** 20, '1,Ada\n'));
  const onTerminal = await runCli(['import', 'kg_1', 'T', path], { env: envFor(mesh.url), isTTY: true });
  expect(mesh.seen[0]?.headers['transfer-encoding']).toBe('chunked');
  expect(mesh.seen[0]?.body).toHaveLength(4 * 2 ** 20);
  const percents = [...onTerminal.stderr.matchAll(/: [\d.]+ MiB of 4\.0 MiB, (\d+) %/g)].map(([, n]) =>
    Number(n),
  );
  expect(percents.length).toBeGreaterThan(10);
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  expect(percents.at(-1)).toBe(100);
  expect(onTerminal.stderr.endsWith('\r\u001b[K')).toBe(true);
  expect(onTerminal.stdout).toBe('Loaded 2 rows in 1.3 ms.\n');
  const inPipe = await runCli(['import', 'kg_1', 'T', path], { env: envFor(mesh.url) });
  expect(inPipe.stderr).toBe('');
});

test('- sends stdin', async () => {
  const mesh = await startFakeMesh(() => loaded);
  const { code } = await runCli(['import', 'kg_1', 'T', '-'], { env: envFor(mesh.url), stdin: '1,Ada\n' });
  expect(code).toBe(0);
  expect(mesh.seen[0]?.body).toBe('1,Ada\n');
});

test('a refused file exits with 1 and the line of the mesh, after the progress is wiped', async () => {
  const mesh = await startFakeMesh(() => failure(400, 'IMPORT_ROW_INVALID', 'line 3: expected 2 values'));
  const path = await file('1,Ada\n');
  const { code, stderr } = await runCli(['import', 'kg_1', 'T', path], {
    env: envFor(mesh.url),
    isTTY: true,
  });
  expect(code).toBe(1);
  const line = 'trellis: line 3: expected 2 values (IMPORT_ROW_INVALID, request req-1)\n';
  expect(stderr.endsWith(`\r\u001b[K${line}`)).toBe(true);
});

test.each([
  ['/nonexistent.csv', 'there is no such file or directory'],
  ['/', 'it is a directory'],
])('%s cannot be read: nothing is called', async (path, reason) => {
  const mesh = await startFakeMesh(() => loaded);
  const { code, stderr } = await runCli(['import', 'kg_1', 'T', path], { env: envFor(mesh.url) });
  expect({ code, stderr }).toEqual({ code: 1, stderr: `trellis: cannot read ${path}: ${reason}\n` });
  expect(mesh.seen).toEqual([]);
});
