import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attack, LEXER_ATTACKS, STATEMENT_ATTACKS } from '../../services/graph/domain/cypher/attacks.ts';
import { judgeStatement } from '../../services/graph/domain/cypher/judge-statement.ts';
import {
  HARMLESS_READS,
  HARMLESS_WRITES,
  LOOK_ALIKE_SETUP,
} from '../../services/graph/domain/cypher/look-alikes.ts';
import { ForeignGrpcClient } from '../support/foreign-grpc.ts';
import { type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute, query, type Tenant } from '../support/rest.ts';
import { type Refusal, refusalOfAnswer, refusalOfError } from './errors.ts';
import { attacksOnFiles } from './file-attacks.ts';
import { LOOK_ALIKE_ANSWERS } from './look-alike-answers.ts';

const service = 'graph.v1.GraphService';
const canary = 'canary-5f1d7c';

let mesh: Mesh;
let mallory: Tenant;
let victim: Tenant;
let malloryGraph: string;
let victimGraph: string;
let grpc: ForeignGrpcClient;
/** A directory that every process of the mesh may read and write, with a file that must never show. */
let outside: string;
let before: Traces;
/** All that came back over the wire for an attack. */
let answered = '';

/** What an attack that worked would have changed. */
interface Traces {
  readonly files: readonly string[];
  readonly canary: string;
  readonly victim: unknown;
  readonly own: unknown;
  readonly settings: unknown;
}

beforeAll(async () => {
  // How long a graph takes is no matter here, and processes that come and go by themselves would be.
  const openTimeoutMs = '170000';
  mesh = await startMesh({
    env: {
      TRELLIS_CATALOG_OPEN_TIMEOUT_MS: openTimeoutMs,
      TRELLIS_GRAPH_NODE_OPEN_TIMEOUT_MS: openTimeoutMs,
      TRELLIS_GRAPH_NODE_SPARES: '0',
      TRELLIS_GRAPH_NODE_IDLE_MS: '604800000',
      TRELLIS_GRAPH_NODE_HANG_MS: '600000',
    },
  });
  outside = await mkdtemp(join(tmpdir(), 'trellis-outside-'));
  writeFileSync(join(outside, 'canary.csv'), `1,${canary}\n`);
  [mallory, victim] = [await createTenant(mesh.url), await createTenant(mesh.url)];
  malloryGraph = await createGraph(mallory.rest);
  victimGraph = await createGraph(victim.rest);
  grpc = new ForeignGrpcClient(mesh.port, mallory.apiKey);
  for (const statement of LOOK_ALIKE_SETUP) {
    await execute(mallory.rest, malloryGraph, statement);
    await execute(victim.rest, victimGraph, statement);
  }
  await execute(victim.rest, victimGraph, `CREATE (:P {id: 9, name: '${canary}'})`);
  before = await traces();
});
afterAll(async () => {
  grpc.close();
  await mesh.stop();
  await removeMeshData(mesh);
  await rm(outside, { recursive: true, force: true });
});

async function traces(): Promise<Traces> {
  const ask = async (tenant: Tenant, graphId: string, statement: string) => {
    const { rows, revision } = await query(tenant.rest, graphId, statement);
    return { rows: sorted(rows), revision };
  };
  const content = async (tenant: Tenant, graphId: string) => [
    await ask(tenant, graphId, 'MATCH (n) RETURN n'),
    await ask(tenant, graphId, 'MATCH ()-[e]->() RETURN e'),
    (await tenant.rest.get(`/v1/graphs/${graphId}/schema`)).body,
  ];
  const list = (directory: string, recursive: boolean) =>
    readdirSync(directory, { recursive, encoding: 'utf8' }).map((name) => join(directory, name));
  return {
    files: [
      ...['graphs', 'graph-node', 'keys'].flatMap((name) => list(join(mesh.dataDirectory, name), true)),
      ...list(mesh.dataDirectory, false),
      ...list(outside, true),
      // The working directory of every process but engines.
      ...list(process.cwd(), false),
    ].toSorted(),
    canary: readFileSync(join(outside, 'canary.csv'), 'utf8'),
    victim: await content(victim, victimGraph),
    own: await content(mallory, malloryGraph),
    settings: await settings(),
  };
}

/** What statements show of the engine's settings, on each of its connections. */
async function settings() {
  const observations = [
    // var_length_extend_max_depth: 30 by default.
    'MATCH (a:P)-[e:K*1..30]-(b:P) RETURN count(*)',
    'MATCH (a:P)-[e:K*1..31]-(b:P) RETURN count(*)',
    // recursive_pattern_semantic, disable_map_key_check.
    'MATCH (a:P)-[e:K*1..4]-(b:P) RETURN count(*)',
    'RETURN map([1, 1], [2, 3])',
    'CALL show_functions() RETURN count(*)',
    'CALL db_version() RETURN *',
  ];
  const asked = observations.flatMap((statement) => Array<string>(12).fill(statement));
  const answers = await Promise.all(
    asked.map((statement) => mallory.rest.post(`/v1/graphs/${malloryGraph}/query`, { statement })),
  );
  return answers.map(({ status, body }) => (status === 200 ? body.rows : body.error.message));
}

/** Sends a statement by every way there is; the refusals by way. */
async function attackByEveryWay(statement: string): Promise<Record<string, Refusal | undefined>> {
  const rest = async (path: string) => {
    const answer = await mallory.rest.post(`/v1/graphs/${malloryGraph}/${path}`, { statement });
    answered += JSON.stringify(answer.body);
    return refusalOfAnswer(answer);
  };
  const unary = (method: string) =>
    grpc.unary(service, method, { graphId: malloryGraph, statement }).then((response) => {
      answered += JSON.stringify(response);
      return undefined;
    }, toRefusal);
  const stream = async () => {
    try {
      for await (const part of grpc.stream(service, 'streamQuery', { graphId: malloryGraph, statement })) {
        answered += JSON.stringify(part);
      }
      return undefined;
    } catch (error) {
      return toRefusal(error);
    }
  };
  const toRefusal = (error: unknown) => {
    answered += String(error);
    return refusalOfError(error);
  };
  const [restQuery, restExecute, restStream, query, executed, streamed] = await Promise.all([
    rest('query'),
    rest('execute'),
    rest('query/stream'),
    unary('query'),
    unary('execute'),
    stream(),
  ]);
  return { restQuery, restExecute, restStream, query, execute: executed, streamQuery: streamed };
}

/** What a refusal has to say, by what the gate says of the statement. */
function expected(statement: string): Refusal {
  const verdict = judgeStatement(statement, 'write');
  if (verdict.ok) return expect.fail(`the gate accepts ${verdict.canonical}`);
  const { construct, line, column, offset } = verdict;
  const reason = verdict.reason === 'STATEMENT_NOT_ALLOWED' ? 'STATEMENT_NOT_ALLOWED' : 'STATEMENT_INVALID';
  return { reason, construct, line: `${line}`, column: `${column}`, offset: `${offset}` };
}

// An empty statement and broken Unicode do not come as far as the gate.
const reachesTheGate = ({ statement }: Attack) => statement !== '' && statement.isWellFormed();

describe('an attack', () => {
  it.each([...STATEMENT_ATTACKS, ...LEXER_ATTACKS].filter(reachesTheGate))(
    'is refused with construct and place by every way: $statement',
    async ({ statement }) => {
      const refusal = expected(statement);
      const refusals = await attackByEveryWay(statement);
      for (const [way, found] of Object.entries(refusals)) expect(found, way).toEqual(refusal);
    },
  );

  it('on files that are there is refused by every way', async () => {
    const victimFile = join(mesh.dataDirectory, 'graphs', victimGraph, 'graph.kuzu');
    for (const statement of attacksOnFiles({ outside, canary: join(outside, 'canary.csv'), victimFile })) {
      const refusal = expected(statement);
      expect(refusal.reason, statement).toBe('STATEMENT_NOT_ALLOWED');
      for (const [way, found] of Object.entries(await attackByEveryWay(statement))) {
        expect(found, `${way}: ${statement}`).toEqual(refusal);
      }
    }
  });

  it.each([
    ['half a surrogate pair', '{"statement":"RETURN 1 AS \\ud800"}', 'MALFORMED_BODY'],
    [
      'a byte that is no UTF-8',
      Buffer.from('7b2273746174656d656e74223a2252455455524e2031ff227d', 'hex'),
      'MALFORMED_BODY',
    ],
    ['nothing', '{"statement":""}', 'INVALID_REQUEST'],
  ])('of %s is refused before it comes to the gate', async (_name, body, reason) => {
    for (const path of ['query', 'execute', 'query/stream']) {
      const bytes = typeof body === 'string' ? body : new Uint8Array(body);
      const url = `/v1/graphs/${malloryGraph}/${path}`;
      const answer = await mallory.rest.send('POST', url, bytes, 'application/json');
      expect(refusalOfAnswer(answer)?.reason, path).toBe(reason);
    }
  });

  it('of broken Unicode over gRPC is refused', async () => {
    for (const statement of [
      'RETURN 1 AS \ud800',
      'RETURN \udc00',
      "RETURN 1 AS x // \ud83d\nCOPY P FROM 'x'",
    ]) {
      for (const method of ['query', 'execute']) {
        const call = grpc.unary(service, method, { graphId: malloryGraph, statement });
        const refusal = await call.then(() => undefined, refusalOfError);
        expect(refusal?.reason, statement).toMatch(
          /^(?:STATEMENT_INVALID|MALFORMED_BODY|INVALID_REQUEST|STATEMENT_NOT_ALLOWED|status 13)$/,
        );
      }
    }
  });

  const names = [
    ...[
      'P) RETURN 1; COPY P FROM "x.csv"',
      'P`',
      "P'",
      'P"',
      'P (id)',
      '../P',
      'P\0',
      '*',
      "P FROM 'x.csv' //",
      'Ｐ',
    ],
    ...["P' RETURN *; CALL threads=1", 'x``', '`P`', '__proto__', '/etc/passwd'],
  ];

  it.each(names)('by the name of a table to import into finds no table: %j', async (table) => {
    const path = `/v1/graphs/${malloryGraph}/tables/${encodeURIComponent(table)}/import`;
    const answer = await mallory.rest.send('POST', path, '77,x,y,1\n', 'text/csv');
    expect(refusalOfAnswer(answer)?.reason).toBe('TABLE_NOT_FOUND');
    const body = { contentType: 'text/csv', data: Buffer.from('77,x,y,1\n') };
    const upload = grpc.upload(service, 'importTable', [{ graphId: malloryGraph, table, body }]);
    expect((await upload.then(() => undefined, refusalOfError))?.reason).toBe('TABLE_NOT_FOUND');
  });

  it.each(names)('by the name of a column or label to import is refused: %j', async (name) => {
    const ndjson = {
      contentType: 'application/x-ndjson',
      data: Buffer.from(`${JSON.stringify({ id: 77, [name]: 1 })}\n`),
    };
    const csv = { contentType: 'text/csv', data: Buffer.from('1,2,3\n') };
    for (const request of [
      { table: 'P', body: ndjson },
      { table: 'K', body: csv, fromLabel: name, toLabel: 'P' },
      { table: 'K', body: csv, fromLabel: 'P', toLabel: name },
    ]) {
      const upload = grpc.upload(service, 'importTable', [{ graphId: malloryGraph, ...request }]);
      const refusal = await upload.then(() => undefined, refusalOfError);
      expect(refusal?.reason).toMatch(/^(?:INVALID_REQUEST|IMPORT_ROW_INVALID)$/);
    }
  });

  it('in the text of a parameter stays text', async () => {
    const texts = [
      ...[
        "'; COPY P FROM 'x.csv' //",
        '"; ATTACH "o" (dbtype kuzu); "',
        "\\' LOAD FROM 'x.csv' RETURN *",
        '\\',
        "\\\\'",
      ],
      ...[
        '*/ CHECKPOINT /*',
        '`',
        '$x',
        '\n//',
        '\u2028',
        '\u0000',
        '\ufeff',
        '\\u0027',
        "''",
        '{a: 1}',
        '[1]',
        '',
      ],
    ];
    for (const text of texts) {
      for (const statement of [
        'RETURN $x AS x',
        'UNWIND [$x] AS x RETURN x',
        "UNWIND [$x] AS x WITH x WHERE x <> 'no' RETURN x",
      ]) {
        const { rows } = await query(mallory.rest, malloryGraph, statement, { x: text });
        expect(rows, `${statement} with ${JSON.stringify(text)}`).toEqual([[text]]);
      }
      const { rows } = await query(mallory.rest, malloryGraph, 'RETURN $x AS x', { x: [text, 'b'] });
      expect(rows).toEqual([[[text, 'b']]]);
    }
  });

  it('in the name of a field of a parameter stays a name, or is refused', async () => {
    for (const name of [
      "a'",
      'a"; COPY',
      'a`b',
      '`',
      "a: 1}; COPY P FROM 'x.csv' //",
      '$x',
      'a\n//',
      '__proto__',
    ]) {
      const body = { statement: 'RETURN $x AS x', parameters: { x: { ...{ ok: 1 }, [name]: 2 } } };
      const answer = await mallory.rest.post(`/v1/graphs/${malloryGraph}/query`, body);
      answered += JSON.stringify(answer.body);
      if (answer.status === 200) expect(answer.body.rows).toEqual([[{ ok: 1, [name]: 2 }]]);
      else expect(refusalOfAnswer(answer)?.reason, name).toMatch(/^(?:PARAMETER_INVALID|VALUE_NOT_EXACT)$/);
    }
  });

  it('leaves nothing behind: no file, no setting, no row here or there, and no engine fell over it', async () => {
    expect(answered.length).toBeGreaterThan(10_000);
    expect(answered).not.toContain(canary);
    expect(answered).not.toMatch(/root:|\.kuzu|node_modules/);
    expect(await traces()).toEqual(before);
    // So that this can fail.
    expect(JSON.stringify(before.victim)).toContain(canary);
  });
});

describe('a harmless look-alike', () => {
  it.each(HARMLESS_READS)('is answered by every way: %s', async (statement) => {
    const answer = LOOK_ALIKE_ANSWERS.get(statement);
    if (!answer) return expect.fail('no answer is known');
    for (const path of ['query', 'execute']) {
      const { status, body } = await mallory.rest.post(`/v1/graphs/${malloryGraph}/${path}`, { statement });
      expect(status, JSON.stringify(body)).toBe(200);
      expect(sorted(body.rows)).toEqual(sorted(answer));
    }
    let rowCount = -1;
    for await (const part of grpc.stream(service, 'streamQuery', { graphId: malloryGraph, statement })) {
      rowCount = part.done?.rowCount ?? rowCount;
    }
    expect(rowCount).toBe(answer.length);
  });

  it('that writes runs in Execute alone', async () => {
    for (const statement of HARMLESS_WRITES) {
      const refused = await mallory.rest.post(`/v1/graphs/${malloryGraph}/query`, { statement });
      expect(refusalOfAnswer(refused)?.reason, statement).toBe('STATEMENT_WRITES');
      await execute(mallory.rest, malloryGraph, statement);
    }
  });

  it('takes imports by whatever name it has', async () => {
    for (const name of ["a'b", 'EXPORT', "x; COPY P FROM 'x' //", 'dollar$', 'a"b', 'back``tick', '/x']) {
      await execute(mallory.rest, malloryGraph, `CREATE NODE TABLE \`${name}\`(id INT64 PRIMARY KEY)`);
      const path = `/v1/graphs/${malloryGraph}/tables/${encodeURIComponent(name)}/import`;
      const answer = await mallory.rest.send('POST', path, '1\n2\n', 'text/csv');
      expect(answer.body, name).toMatchObject({ rowCount: 2 });
      const { rows } = await query(mallory.rest, malloryGraph, `MATCH (n:\`${name}\`) RETURN count(*)`);
      expect(rows).toEqual([[2]]);
    }
  });
});

it('connections of a node table are refused and end no engine', async () => {
  const { revision } = await query(mallory.rest, malloryGraph, 'RETURN 1');
  for (const statement of ['ALTER TABLE P ADD FROM P TO P', 'alter table p drop if exists from P to P']) {
    const answer = await mallory.rest.post(`/v1/graphs/${malloryGraph}/execute`, { statement });
    expect(refusalOfAnswer(answer)?.reason).toBe('STATEMENT_INVALID');
  }
  // A new process would have another epoch.
  expect((await query(mallory.rest, malloryGraph, 'RETURN 1')).revision).toBe(revision);
});

function sorted(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted();
}
