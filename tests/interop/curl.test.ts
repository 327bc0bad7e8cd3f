import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mesh, removeMeshData } from '../support/mesh.ts';
import { type ProgramOptions, runForLines, runOk } from './program.ts';
import { createAssignment, outcome, scenario, wideBytes } from './scenario.ts';
import { describeWith, pathOf, tools } from './tool.ts';
import { bytesWrittenAtEnd, expectCancelled, startTalkativeMesh } from './upstream.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a server sends; tests hold it against values
type Answered = any;

/** 64-bit integers are numbers where JavaScript has them exactly, else text. */
const restRows = outcome.rows.map(([id, name, big]) => [Number(id), name, big]);
const service = 'trellis.graph.v1.GraphService';

describeWith([tools.curl], 'curl', () => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await startTalkativeMesh();
  });
  afterAll(async () => {
    await mesh.stop();
    await removeMeshData(mesh);
  });

  const curl = (args: readonly string[], options?: ProgramOptions) =>
    runOk(pathOf(tools.curl), ['--silent', '--show-error', '--max-time', '60', ...args], options);

  describe.each([
    ['HTTP/1.1', '--http1.1', '1.1'],
    ['HTTP/2', '--http2-prior-knowledge', '2'],
  ])('over %s', (_, flag, version) => {
    let key: string;
    let graphId: string;

    /** curl's arguments for a POST with the key. */
    const post = (path: string, body: string, type = 'application/json') => [
      ...[flag, '--header', `x-api-key: ${key}`, '--header', `content-type: ${type}`],
      ...['--data-binary', body, `${mesh.url}${path}`],
    ];
    const rest = async (path: string, body: object): Promise<Answered> => {
      const printed = await curl(['--fail-with-body', ...post(path, JSON.stringify(body))]);
      return JSON.parse(printed.toString());
    };
    const graphPath = () => `/v1/graphs/${graphId}`;

    it('goes from registration to query by REST', async () => {
      const { email, password, name, city, csvBase64 } = createAssignment(mesh.url);
      const anonymous = ['--fail-with-body', flag, '--json'];
      await curl([...anonymous, JSON.stringify({ email, password, name }), `${mesh.url}/v1/auth/register`]);
      const login = [...anonymous, JSON.stringify({ email, password }), `${mesh.url}/v1/auth/login`];
      key = JSON.parse((await curl(login)).toString()).accessToken;
      key = (await rest('/v1/api-keys', { displayName: 'curl' })).secret;
      expect(key).toMatch(/^trl_live_/);
      graphId = (await rest('/v1/graphs', { displayName: 'curl' })).graph.graphId;
      await rest(`${graphPath()}/execute`, { statement: scenario.schema });
      // The value of an INT64 parameter as JSON has it: a number with all its digits.
      const statement = JSON.stringify(scenario.insert);
      const parameters = `{"id":${city.id},"name":${JSON.stringify(city.name)},"big":${city.big}}`;
      const insert = `{"statement":${statement},"parameters":${parameters}}`;
      await curl(['--fail-with-body', ...post(`${graphPath()}/execute`, insert)]);
      const upload = post(`${graphPath()}/tables/City/import?csv.header=true`, '@-', 'text/csv');
      const input = Buffer.concat(csvBase64.map((chunk) => Buffer.from(chunk, 'base64')));
      const imported = JSON.parse((await curl(['--fail-with-body', ...upload], { input })).toString());
      expect(imported.rowCount).toBe(outcome.imported);
      const answer = await rest(`${graphPath()}/query`, { statement: scenario.query });
      expect(answer.columns.map((column: Answered) => column.name)).toEqual(outcome.columns);
      expect(answer.rows).toEqual(restRows);
    });

    it('speaks the version of HTTP that it asks for, and reads the answer in any encoding it offers', async () => {
      const request = post(`${graphPath()}/query`, JSON.stringify({ statement: scenario.query }));
      const printed = await curl(['--compressed', '--write-out', '\n%{http_version}', ...request]);
      const [body = '', spoken] = printed.toString().split('\n');
      expect(JSON.parse(body).rows).toEqual(restRows);
      expect(spoken).toBe(version);
    });

    it.each([
      ['lines of JSON', 'application/x-ndjson', ''],
      ['server-sent events', 'text/event-stream', 'data: '],
    ])('reads a stream as %s', async (_name, type, prefix) => {
      const request = post(`${graphPath()}/query/stream`, JSON.stringify({ statement: scenario.stream }));
      const answer = ['--header', `accept: ${type}`, '--write-out', '%{content_type}'];
      const lines = (await curl([...answer, ...request])).toString().split('\n').filter(Boolean);
      expect(lines.pop()).toMatch(new RegExp(`^${type}`));
      const parts: Answered[] = lines
        .filter((line) => line.startsWith(prefix))
        .map((line) => JSON.parse(line.slice(prefix.length)));
      const numbers: number[] = parts.flatMap((part) => part.rows ?? []).flat();
      const sum = String(numbers.reduce((total, number) => total + number, 0));
      const done = parts.at(-1)?.done.rowCount;
      expect({ rows: numbers.length, sum, done }).toEqual(outcome.stream);
    });

    it('is interrupted within a stream; the call ends, the next one is served', async () => {
      const { cancelId } = createAssignment(mesh.url);
      const request = post(`${graphPath()}/query/stream`, JSON.stringify({ statement: scenario.wideStream }));
      const args = ['--silent', '--no-buffer', '--header', `x-request-id: ${cancelId}`, ...request];
      const lines = await runForLines(pathOf(tools.curl), args, scenario.messagesBeforeCancel);
      expect(JSON.parse(lines[1] ?? '').rows[0][0]).toBe(1);
      await expectCancelled(mesh, cancelId);
      const answer = await rest(`${graphPath()}/query`, { statement: scenario.query });
      expect(answer.rowCount).toBe(outcome.cancelled.rowsAfter);
    });

    it('has a whole stream where it is not interrupted: then the engine process writes it all', async () => {
      const { cancelId } = createAssignment(mesh.url);
      const request = post(`${graphPath()}/query/stream`, JSON.stringify({ statement: scenario.wideStream }));
      const size = ['--output', '/dev/null', '--write-out', '%{size_download}'];
      const printed = await curl(['--header', `x-request-id: ${cancelId}`, ...size, ...request]);
      expect(Number(printed)).toBeGreaterThan(wideBytes);
      expect(await bytesWrittenAtEnd(mesh, cancelId)).toBeGreaterThan(wideBytes);
    });

    it('reads the reason of a refusal by REST', async () => {
      const request = post(`${graphPath()}/query`, JSON.stringify({ statement: scenario.refused }));
      const { code, error } = await statusAndError(request);
      const { reason, domain, construct } = outcome.refused;
      expect(code).toBe(400);
      expect(error).toMatchObject({ code: 400, status: 'FAILED_PRECONDITION', reason });
      expect(error.details).toContainEqual(
        expect.objectContaining({ reason, domain, metadata: expect.objectContaining({ construct }) }),
      );
    });

    it('calls Connect with JSON, by POST and, for a read, by GET', async () => {
      const message = { graphId, statement: scenario.query };
      const posted: Answered = await rest(`/${service}/Query`, message);
      expect(posted.rows[1].values).toEqual([
        { int64Value: '2' },
        { stringValue: '京都' },
        { int64Value: '-9007199254740993' },
      ]);
      const query = ['--get', '--data', 'connect=v1', '--data', 'encoding=json'];
      const get = [...query, '--data-urlencode', `message=${JSON.stringify(message)}`];
      const authorized = [flag, '--header', `authorization: Bearer ${key}`, '--fail-with-body'];
      const got = await curl([...authorized, ...get, `${mesh.url}/${service}/Query`]);
      expect(JSON.parse(got.toString()).rows).toEqual(posted.rows);
    });

    it('reads the reason of a refusal by Connect', async () => {
      const message = { graphId, statement: scenario.refused };
      const printed = await curl(post(`/${service}/Query`, JSON.stringify(message)));
      const error: Answered = JSON.parse(printed.toString());
      expect(error.code).toBe('failed_precondition');
      const [info] = error.details.filter((detail: Answered) => detail.type === 'google.rpc.ErrorInfo');
      expect(Buffer.from(info.value, 'base64').toString()).toContain(outcome.refused.reason);
    });

    it('calls gRPC-Web with bytes written by hand', async () => {
      const request = frame(0, Buffer.concat([field(1, graphId), field(2, scenario.query)]));
      const [message, trailers, ...more] = await grpcWeb(request);
      expect(message?.flags).toBe(0);
      expect(message?.payload.includes(field(9, '京都'))).toBe(true);
      // Field 3, a varint: 2^53 + 1.
      expect(message?.payload.includes(Buffer.from('188180808080808010', 'hex'))).toBe(true);
      expect(trailers?.flags).toBe(0x80);
      expect(trailers?.payload.toString()).toMatch(/^grpc-status: ?0\r\n/m);
      expect(more).toEqual([]);
    });

    it('reads the reason of a refusal by gRPC-Web', async () => {
      const request = frame(0, Buffer.concat([field(1, graphId), field(2, scenario.refused)]));
      const printed = await curl(['--include', ...post(`/${service}/Query`, '@-', webType)], {
        input: request,
      });
      // A call without messages may end in the header fields or in a frame of trailers.
      expect(printed.toString('latin1')).toMatch(/grpc-status: ?9\r\n/);
      const [, details = ''] = /grpc-status-details-bin: ?(\S+)\r\n/.exec(printed.toString('latin1')) ?? [];
      expect(Buffer.from(details, 'base64').toString()).toContain(outcome.refused.reason);
    });

    async function statusAndError(request: readonly string[]): Promise<{ code: number; error: Answered }> {
      const [body = '', code] = (await curl(['--write-out', '\n%{http_code}', ...request]))
        .toString()
        .split('\n');
      return { code: Number(code), error: JSON.parse(body).error };
    }

    async function grpcWeb(request: Buffer): Promise<Frame[]> {
      const args = [
        '--fail-with-body',
        '--header',
        'x-grpc-web: 1',
        ...post(`/${service}/Query`, '@-', webType),
      ];
      return toFrames(await curl(args, { input: request }));
    }
  });
});

const webType = 'application/grpc-web+proto';

interface Frame {
  readonly flags: number;
  readonly payload: Buffer;
}

/** A frame: flags, length, payload. */
function frame(flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

function toFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    frames.push({ flags: bytes.readUInt8(at), payload: bytes.subarray(at + 5, end) });
    at = end;
  }
  return frames;
}

/** A field of a message with a text of less than 128 bytes. */
function field(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}
