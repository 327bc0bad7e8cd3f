import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cuts } from '../support/cut-upload.ts';
import { type ImportEnd, importWays } from '../support/import-ways.ts';
import { type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute, query, type Tenant } from '../support/rest.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { type ImportNews, importEnd, watchImport } from '../support/watch-import.ts';

let mesh: Mesh;
let tenant: Tenant;
let graphId: string;
let names = 0;

const nextName = (prefix: string) => {
  names += 1;
  return `${prefix}${names}`;
};

beforeAll(async () => {
  mesh = await startMesh();
  tenant = await createTenant(mesh.url);
  graphId = await createGraph(tenant.rest);
});
afterAll(async () => {
  await mesh?.stop();
  if (mesh) await removeMeshData(mesh);
});

/** A table of its own for each test, with one node. */
async function newTable(): Promise<string> {
  const table = nextName('T');
  await execute(
    tenant.rest,
    graphId,
    `CREATE NODE TABLE ${table}(id INT64 PRIMARY KEY, name STRING, day DATE)`,
  );
  await execute(tenant.rest, graphId, `CREATE (:${table} {id: -1, name: 'before'})`);
  return table;
}

/** What an import must not change where it fails. */
async function stateOf(table: string) {
  const answer = await query(tenant.rest, graphId, `MATCH (n:${table}) RETURN count(n), sum(n.id)`);
  return { row: answer.rows[0], revision: answer.revision };
}

const nameAt = (id: number) => `name "${id}" Zoë`;
const dayAt = (id: number) => `20${String(10 + (id % 80)).padStart(2, '0')}-03-0${1 + (id % 9)}`;
const rowsOf = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

/** The formats of text, each as the lines of a file. */
const formats = {
  'text/csv': (id: number) => `${id},"${nameAt(id).replaceAll('"', '""')}",${dayAt(id)}\n`,
  'application/x-ndjson': (id: number) => `${JSON.stringify({ id, name: nameAt(id), day: dayAt(id) })}\n`,
};
const broken = {
  'text/csv': {
    line: (id: number) => `${id},x,2021-02-30\n`,
    column: 'day',
    reason: '"2021-02-30" is no DATE',
  },
  'application/x-ndjson': {
    line: (id: number) => `{"id":${id},"day":"2021-02-30"}\n`,
    column: 'day',
    reason: 'is no DATE',
  },
};
type TextFormat = keyof typeof formats;
const textFormats = Object.keys(formats) as TextFormat[];
const ways = Object.keys(importWays);

const contentOf = (format: TextFormat, ids: readonly number[]) =>
  Buffer.from(ids.map(formats[format]).join(''));

function send(way: string, table: string, contentType: string, content: Uint8Array, importId = '') {
  const upload = { graphId, table, contentType, content, importId };
  return importWays[way]?.(mesh.url, tenant.apiKey, upload) as Promise<ImportEnd>;
}

describe('a file is loaded, with every value', () => {
  test.each(ways.flatMap((way) => textFormats.map((format) => [way, format] as const)))(
    'through %s as %s',
    async (way, format) => {
      const table = await newTable();
      const content = contentOf(format, rowsOf(0, 3_000));
      expect(await send(way, table, `${format}; charset=utf-8`, content)).toMatchObject({
        rowCount: 3_000,
        reason: '',
      });
      const answer = await query(
        tenant.rest,
        graphId,
        `MATCH (n:${table}) WHERE n.id >= 0 RETURN n.id, n.name, n.day ORDER BY n.id LIMIT 1000`,
      );
      expect(answer.rows).toEqual(rowsOf(0, 1_000).map((id) => [id, nameAt(id), dayAt(id)]));
      expect((await stateOf(table)).row[0]).toBe(3_001);
    },
  );

  const fixture = fileURLToPath(
    new URL('../../services/graph/engine/import/parquet/fixtures/pyarrow-default.parquet', import.meta.url),
  );
  test.each(ways)('through %s as Parquet that pyarrow wrote', async (way) => {
    const table = nextName('P');
    await execute(
      tenant.rest,
      graphId,
      `CREATE NODE TABLE ${table}(id INT64 PRIMARY KEY, s STRING, small INT32, d DOUBLE, f FLOAT, b BOOL, at TIMESTAMP,
       day DATE, p DECIMAL(10, 2), x BLOB, l INT64[], t STRING[], r STRUCT(a INT64, t STRING), m MAP(STRING, INT64),
       nothing STRING)`,
    );
    const content = readFileSync(fixture);
    const end = await send(way, table, 'application/vnd.apache.parquet', content);
    expect(end).toMatchObject({ rowCount: 200, reason: '' });
    const read = await query(
      tenant.rest,
      graphId,
      `MATCH (n:${table} {id: 197}) RETURN n.s, n.p, n.at, n.l, n.r, n.m`,
    );
    expect(read.rows).toEqual([
      ['text 7 é', '62.89', '2020-01-01T00:03:17.000197Z', [197], { a: 197, t: 'x' }, { k: 197, n: null }],
    ]);
  });
});

describe('a broken line', () => {
  const places: [string, number][] = [
    ['first', 0],
    ['one in the middle', 1_500],
    ['last', 2_999],
  ];
  test.each(
    ['REST', 'a gRPC client stream', 'a Connect client stream'].flatMap((way) =>
      textFormats.flatMap((format) => places.map(([place, at]) => [way, format, place, at] as const)),
    ),
  )('through %s in %s, the %s: nothing is loaded, and the line is named', async (way, format, _, at) => {
    const table = await newTable();
    const importId = nextName('import');
    const before = await stateOf(table);
    const lines = rowsOf(0, 3_000).map(formats[format]);
    const { line, column, reason } = broken[format];
    lines[at] = line(at);
    const end = await send(way, table, format, Buffer.from(lines.join('')), importId);
    expect(end).toEqual({
      rowCount: 0,
      reason: 'IMPORT_ROW_INVALID',
      violations: [{ field: `lines[${at + 1}].${column}`, description: reason }],
    });
    expect(await stateOf(table)).toEqual(before);
    const told = await importEnd(mesh.url, tenant.apiKey, { graphId, importId });
    expect(told).toMatchObject({ stage: 'IMPORT_STAGE_FAILED', reason: 'IMPORT_ROW_INVALID' });
    expect(told.refusedRows).toEqual([{ line: at + 1, column, reason }]);
  });

  test('a key that is there already, the last of the file, is found before anything is loaded', async () => {
    const table = await newTable();
    const before = await stateOf(table);
    const content = Buffer.concat([contentOf('text/csv', rowsOf(0, 1_000)), Buffer.from('-1,again,\n')]);
    expect(await send('REST', table, 'text/csv', content)).toMatchObject({
      reason: 'IMPORT_ROW_INVALID',
      violations: [{ field: 'lines[1001].id' }],
    });
    expect(await stateOf(table)).toEqual(before);
  });
});

describe('progress', () => {
  test.each(['application/x-ndjson', 'text/event-stream'] as const)(
    'is told as %s while the file comes in',
    async (accept) => {
      const table = await newTable();
      const importId = nextName('import');
      const content = contentOf('text/csv', rowsOf(0, 60_000));
      const half = content.byteLength >> 1;
      const all: ImportNews[] = [];
      const isExpected = Promise.withResolvers<void>();
      const hasBytes = Promise.withResolvers<void>();
      const watched = (async () => {
        for await (const news of watchImport(mesh.url, tenant.apiKey, { graphId, importId }, accept)) {
          all.push(news);
          isExpected.resolve();
          if (Number(news.bytesReceived ?? 0) > 0) hasBytes.resolve();
        }
      })();
      watched.catch(isExpected.reject);
      await isExpected.promise;
      const body = async function* () {
        yield content.subarray(0, half);
        // The second half is sent when the watcher was told of the first.
        await hasBytes.promise;
        yield content.subarray(half);
      };
      const response = await fetch(
        `${mesh.url}/v1/graphs/${graphId}/tables/${table}/import?importId=${importId}`,
        {
          method: 'POST',
          headers: { authorization: `Bearer ${tenant.apiKey}`, 'content-type': 'text/csv' },
          body: ReadableStream.from(body()),
          duplex: 'half',
        },
      );
      const answer = (await response.json()) as { rowCount: number; revision: string };
      expect(answer).toMatchObject({ rowCount: 60_000 });
      await watched;
      expect(all[0]).toMatchObject({ stage: 'IMPORT_STAGE_EXPECTED' });
      const received = all.map(({ bytesReceived }) => Number(bytesReceived ?? 0));
      expect(received).toEqual(received.toSorted((a, b) => a - b));
      expect(received.some((bytes) => bytes > 0 && bytes <= half)).toBe(true);
      expect(all.at(-1)).toMatchObject({
        stage: 'IMPORT_STAGE_DONE',
        bytesReceived: String(content.byteLength),
        rowsRead: 60_000,
        rowCount: 60_000,
        revision: answer.revision,
      });
    },
  );

  test('is nobody else’s: another tenant learns nothing, and has ids of its own', async () => {
    const table = await newTable();
    const importId = nextName('import');
    await send('REST', table, 'text/csv', contentOf('text/csv', [1]), importId);
    const stranger = await createTenant(mesh.url);
    const theirs = await createGraph(stranger.rest);
    const path = `/v1/graphs/${graphId}/imports/${importId}/progress`;
    const foreign = await stranger.rest.get(path);
    const missing = await stranger.rest.get(path.replace(graphId, 'kg_00000000000000000000'));
    expect(foreign.status).toBe(404);
    const bare = ({ body }: typeof foreign) => ({ ...body.error, requestId: '', details: [] });
    expect(bare(foreign)).toEqual(bare(missing));
    const own = watchImport(mesh.url, stranger.apiKey, { graphId: theirs, importId });
    expect((await own.next()).value).toMatchObject({ stage: 'IMPORT_STAGE_EXPECTED' });
    await own.return(undefined);
  });
});

describe('an upload that breaks off', () => {
  /** Breaks an upload off when the graph has some of it; answers with the import's end as another connection is told. */
  async function breakOff(way: string, table: string, sent: Buffer, wholeBytes: number): Promise<ImportNews> {
    const importId = nextName('import');
    const path = `/v1/graphs/${graphId}/tables/${table}/import?importId=${importId}`;
    const hasBegun = Promise.withResolvers<void>();
    const watched = (async () => {
      let last: ImportNews = { stage: 'nothing was told' };
      for await (const news of watchImport(mesh.url, tenant.apiKey, { graphId, importId })) {
        last = news;
        if (Number(news.bytesReceived ?? 0) > 0) hasBegun.resolve();
      }
      return last;
    })();
    watched.catch(hasBegun.reject);
    const upload = { port: mesh.port, credential: tenant.apiKey, path, sent, wholeBytes };
    await cuts[way]?.({ ...upload, hasBegun: hasBegun.promise });
    return watched;
  }

  test.each(Object.keys(cuts))('over %s loads nothing, wherever it is cut', async (way) => {
    const random = seededRandom(20_260_125);
    const table = await newTable();
    const before = await stateOf(table);
    const content = contentOf('text/csv', rowsOf(0, 4_000));
    const bytes = content.byteLength;
    // After the first line, before the last one, before the last line end, and anywhere.
    const places = [content.indexOf('\n') + 1, content.lastIndexOf('\n', bytes - 2) + 1, bytes - 1];
    places.push(...rowsOf(0, 5).map(() => 1 + Math.floor(random() * (bytes - 1))));
    for (const at of places) {
      const { stage } = await breakOff(way, table, content.subarray(0, at), bytes);
      expect([at, stage]).toEqual([at, 'IMPORT_STAGE_FAILED']);
      expect(await stateOf(table)).toEqual(before);
    }
    expect(await send('REST', table, 'text/csv', content)).toMatchObject({ rowCount: 4_000 });
  });

  test('after its last byte loads all or nothing, and WatchImport says which', async () => {
    const table = await newTable();
    for (let round = 0; round < 6; round += 1) {
      const before = (await stateOf(table)).row[0];
      const content = contentOf('text/csv', rowsOf(round * 2_000, 2_000));
      const { stage } = await breakOff('HTTP/1.1 with its length', table, content, content.byteLength);
      const loaded = (await stateOf(table)).row[0] - before;
      expect(['IMPORT_STAGE_DONE 2000', 'IMPORT_STAGE_FAILED 0']).toContain(`${stage} ${loaded}`);
    }
  });
});

describe('beside each other', () => {
  test('two imports into one graph are both loaded', async () => {
    const tables = [await newTable(), await newTable()];
    const ends = await Promise.all(
      tables.map((table, index) =>
        send(ways[4 * index] ?? '', table, 'text/csv', contentOf('text/csv', rowsOf(0, 20_000))),
      ),
    );
    expect(ends.map(({ rowCount }) => rowCount)).toEqual([20_000, 20_000]);
    for (const table of tables) expect((await stateOf(table)).row[0]).toBe(20_001);
  });

  test('two imports of the same keys: one is loaded, the other refused', async () => {
    const table = await newTable();
    const content = contentOf('text/csv', rowsOf(0, 5_000));
    const ends = await Promise.all(
      ['REST', 'a gRPC client stream'].map((way) => send(way, table, 'text/csv', content)),
    );
    expect(ends.map(({ rowCount }) => rowCount).toSorted((a, b) => a - b)).toEqual([0, 5_000]);
    expect(ends.map(({ reason }) => reason).toSorted()).toEqual(['', 'IMPORT_ROW_INVALID']);
    expect((await stateOf(table)).row[0]).toBe(5_001);
  });
});

describe('limits', () => {
  test('a file that says to be too large is refused before it comes, with what is allowed', async () => {
    const table = await newTable();
    const path = `/v1/graphs/${graphId}/tables/${table}/import?sizeBytes=${2 ** 40}`;
    const answer = await tenant.rest.send('POST', path, '1,a,\n', 'text/csv');
    expect(answer.status).toBe(413);
    expect(answer.body.error).toMatchObject({ reason: 'MESSAGE_TOO_LARGE' });
    expect(JSON.stringify(answer.body.error.details)).toContain(`"limit_bytes":"${512 * 2 ** 20}"`);
  });

  test.each([
    ['another type', 'application/json', 'IMPORT_FORMAT_UNSUPPORTED'],
    ['another character set', 'text/csv; charset=iso-8859-1', 'IMPORT_FORMAT_UNSUPPORTED'],
    ['no type', '', 'IMPORT_FORMAT_UNSUPPORTED'],
  ])('%s is refused', async (_, contentType, reason) => {
    const table = await newTable();
    const path = `/v1/graphs/${graphId}/tables/${table}/import`;
    const content = new TextEncoder().encode('1,a,\n');
    const answer = await tenant.rest.send('POST', path, content, contentType);
    expect([answer.status, answer.body.error.reason]).toEqual([400, reason]);
  });
});
