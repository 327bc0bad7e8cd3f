import { Readable } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import { RpcError } from '../../mesh/rpc/error.ts';
import { contractServices } from '../contract.ts';
import { isReachable, type RestBinding, toBindings } from './binding.ts';
import type { RestRequest } from './body.ts';
import { HttpFailure, httpStatus } from './error.ts';
import { JsonWriter } from './message-to-json.ts';
import { type Route, readRequests } from './request.ts';
import { createRouter } from './router.ts';
import { startRestServer, type TestServer } from './testing.ts';

// The same cases in each run; a failure says which seed and path it was.
const bounds = { seed: 20_261_123, numRuns: 3_000, interruptAfterTimeLimit: 40_000 } as const;
const rules = { bodyBytesMax: 64 * 1024, unknownParameters: 'refuse' } as const;

const route = createRouter(contractServices);
const bindings = contractServices
  .flatMap(({ methods }) => methods)
  .filter(isReachable)
  .flatMap(toBindings);
const writer = new JsonWriter();

const httpMethods = fc.constantFrom(
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  '',
  'get',
  '*',
);
const fieldNames = [
  ...new Set(
    bindings.flatMap(({ method }) => method.input.fields.flatMap((each) => [each.name, each.jsonName])),
  ),
];
const oddNames = ['', '__proto__', 'constructor', 'toString', 'csv.delimiter', 'csv.csv', '.', 'graph_id.x'];
const names = fc.oneof(
  fc.constantFrom(...fieldNames, ...oddNames),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const engineTypes = [
  'INT64',
  'UINT64[]',
  'DECIMAL(18, 3)',
  'MAP(INT64, STRING)',
  'STRUCT(a DATE)',
  'DATE',
  'BLOB',
];
const oddNumbers = [
  '-0',
  '1e999',
  '9223372036854775808',
  '340282366920938463463374607431768211456',
  '0.1e-400',
  '1E400',
];

/** JSON text, mostly of the fields that there are, with what tends to break parsers. */
const { json } = fc.letrec<{ json: string; member: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '""', '"2026-01-02T03:04:05Z"', '"1.5s"', '"AAEC"', '"NaN"'),
    fc.constantFrom(...oddNumbers),
    fc.integer().map(String),
    fc.double().map(String),
    fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text)),
    fc.array(tie('json'), { maxLength: 4 }).map((elements) => `[${elements.join(',')}]`),
    fc.array(tie('member'), { maxLength: 4 }).map((members) => `{${members.join(',')}}`),
    fc
      .tuple(fc.constantFrom(...engineTypes, 'INT65', 'STRUCT('), tie('json'))
      .map(([type, value]) => `{"$type":${JSON.stringify(type)},"value":${value}}`),
  ),
  member: fc.tuple(names, tie('json')).map(([name, value]) => `${JSON.stringify(name)}:${value}`),
}));
const object = fc
  .array(fc.tuple(names, json), { maxLength: 5 })
  .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`);

/** The JSON of a message with some of its fields, mostly of the right types. */
function messageJson(desc: DescMessage, depth = 0): fc.Arbitrary<string> {
  const fields = desc.fields.filter(({ message }) => !message || depth < 3);
  const members = fields.map((field) => {
    return fieldJson(field, depth).map((value) => `${JSON.stringify(field.jsonName)}:${value}`);
  });
  return fc
    .tuple(...members.map((member) => fc.option(member, { freq: 2 })))
    .map((values) => `{${values.filter((value) => value !== null).join(',')}}`);
}

function fieldJson(field: DescField, depth: number): fc.Arbitrary<string> {
  const single = fc.oneof(
    { weight: 20, arbitrary: singleJson(field, depth) },
    { weight: 1, arbitrary: json },
  );
  if (field.fieldKind === 'list')
    return fc.array(single, { maxLength: 3 }).map((all) => `[${all.join(',')}]`);
  if (field.fieldKind !== 'map') return single;
  const member = fc.tuple(names, single).map(([name, value]) => `${JSON.stringify(name)}:${value}`);
  return fc.array(member, { maxLength: 3 }).map((members) => `{${members.join(',')}}`);
}

function singleJson(field: DescField, depth: number): fc.Arbitrary<string> {
  if (field.message?.name === 'Value') return json;
  if (field.message?.name === 'Timestamp') return fc.constant('"2026-01-02T03:04:05.000000001Z"');
  if (field.message) return messageJson(field.message, depth + 1);
  if (field.enum) return fc.nat(field.enum.values.length - 1).map(String);
  if (field.scalar === ScalarType.STRING)
    return fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text));
  return field.scalar === ScalarType.BOOL ? fc.boolean().map(String) : fc.nat(1000).map(String);
}

/** Bytes that are JSON of a message, nearly that, or nothing of the kind. */
function bodiesFor(message: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const damaged = fc.tuple(message, fc.nat(), fc.nat(255)).map(([text, at, byte]) => {
    const bytes = Buffer.from(text);
    bytes[at % bytes.length] = byte;
    return bytes;
  });
  return fc.oneof(
    { weight: 8, arbitrary: message.map((text) => Buffer.from(text)) },
    { weight: 2, arbitrary: damaged },
    { weight: 1, arbitrary: json.map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.nat(3_000).map((depth) => Buffer.from(`{"parameters":${'['.repeat(depth)}`)) },
  );
}
const bodies = bodiesFor(object);

const encoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};
const encodings = fc.oneof(
  { weight: 6, arbitrary: fc.constant('identity') },
  fc.constantFrom('', 'gzip', 'deflate', 'br', 'zstd', 'lzw', 'gzip, br'),
);
const contentTypes = fc.oneof(
  { weight: 6, arbitrary: fc.constant('application/json') },
  fc.constantFrom(
    'text/csv',
    'application/json; charset="utf-8"',
    'application/json;charset=utf-16',
    ';',
    '',
  ),
  fc.string({ maxLength: 20 }),
);

const texts = fc.oneof(
  { weight: 6, arbitrary: fc.constant('kg_1') },
  fc.string({ unit: 'binary', maxLength: 8 }).map(encodeLoosely),
  fc.constantFrom(
    '1',
    '-1',
    'true',
    '2026-01-02T03:04:05Z',
    '%',
    '%zz',
    '%ff',
    '%2F',
    '+',
    '..',
    ':',
    'a:b',
    '',
  ),
);
const someQuery = fc
  .array(fc.tuple(names.map(encodeLoosely), texts), { maxLength: 4 })
  .map((pairs) => pairs.map(([name, text]) => `${name}=${text}`).join('&'));

const queries = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, someQuery);

/** Targets that are mostly paths of the API. */
const targets = fc.oneof(
  fc
    .tuple(fc.constantFrom(...bindings), fc.array(texts, { minLength: 4, maxLength: 4 }), queries)
    .map(toTarget),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
);

function toTarget([{ template }, values, query]: [RestBinding, string[], string]): string {
  let used = 0;
  const parts = template.segments.map((segment) => {
    return segment.kind === 'literal' ? segment.text : (values[used++ % values.length] ?? '');
  });
  return `/${parts.join('/')}${template.verb ? `:${template.verb}` : ''}${query === '' ? '' : `?${query}`}`;
}

function encodeLoosely(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ed%a0%80';
}

function requestOf(body: Buffer, headers: Record<string, string>): RestRequest {
  const source = Readable.from(body.length > 0 ? [body] : [], { objectMode: false });
  return Object.assign(source, { headers, complete: true, method: 'POST' }) as unknown as RestRequest;
}

/** The error of a request that is the client's fault; anything else is a bug. */
function expectClientError(thrown: unknown): void {
  const isKnown = thrown instanceof RpcError || thrown instanceof HttpFailure;
  if (!isKnown) throw new Error('not an error that a client may see', { cause: thrown });
  const status = thrown instanceof HttpFailure ? thrown.status : httpStatus(thrown);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
}

async function readAll(match: Route, request: RestRequest): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of readRequests(match, request, rules)) messages.push(message);
  return messages;
}

describe('the transcoder, whatever comes', () => {
  it('finds a method for a target, or says why not', () => {
    const property = fc.property(httpMethods, targets, (httpMethod, target) => {
      const kinds = ['route', 'options', 'not-allowed', 'malformed', 'not-found'];
      expect(kinds).toContain(route(httpMethod, target).kind);
    });
    fc.assert(property, bounds);
  });

  it('reads a request or refuses it as the fault of the client', async () => {
    let accepted = 0;
    const call = fc.constantFrom(...bindings).chain((binding) => {
      return fc.tuple(fc.constant(binding), bodiesFor(messageJson(binding.method.input)));
    });
    const property = fc.asyncProperty(
      call,
      fc.array(texts, { minLength: 4, maxLength: 4 }),
      queries,
      encodings,
      contentTypes,
      async ([binding, body], values, query, encoding, contentType) => {
        const match = route(binding.httpMethod, toTarget([binding, values, query]));
        if (match.kind !== 'route') return;
        const encode = encoders[encoding];
        const headers = {
          'content-type': contentType,
          'content-encoding': encoding,
          'transfer-encoding': 'chunked',
        };
        const request = requestOf(encode && body.length % 7 > 0 ? encode(body) : body, headers);
        const messages = await readAll(match, request).catch((thrown: unknown) => {
          expectClientError(thrown);
          return [];
        });
        // What was read is a message: other codecs can say it too.
        for (const message of messages) {
          const { input } = match.binding.method;
          toBinary(input, message);
          JSON.parse(writer.whole(input, message));
          accepted += 1;
        }
      },
    );
    await fc.assert(property, bounds);
    // Most come far: the bounds are no test of the first check alone.
    expect(accepted).toBeGreaterThan(bounds.numRuns / 10);
  });
});

describe('a server, whatever comes', () => {
  let server: TestServer;

  beforeAll(async () => {
    const forward = async function* (method: RestBinding['method'], requests: AsyncIterable<Message>) {
      for await (const _ of requests);
      yield create(method.output);
    };
    server = await startRestServer('http1', { services: contractServices, forward });
  });

  afterAll(() => server.close());

  it('answers with a status and, but for success, with an error in our form', async () => {
    const acceptable = fc.constantFrom(
      '*/*',
      'application/json',
      'text/event-stream',
      'text/html',
      ';q=',
      '*/*;q=0',
    );
    const property = fc.asyncProperty(
      fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
      targets.filter((target) => /^\/[\x21-\x7e]*$/.test(target)),
      bodies,
      acceptable,
      fc.constantFrom('', 'gzip', 'br;q=1, *;q=0', 'zstd;;q', '*'),
      async (method, path, body, accept, acceptEncoding) => {
        const headers = { 'content-type': 'application/json', accept, 'accept-encoding': acceptEncoding };
        const answer = await server.send({ method, path, headers, body });
        expect([200, 400, 404, 405, 406, 413, 415]).toContain(answer.status);
        expect(answer.headers['x-request-id']).toBe('req_1');
        if (answer.status !== 200 && !answer.headers['content-encoding']) {
          expect(answer.json()).toMatchObject({ error: { code: answer.status, requestId: 'req_1' } });
        }
      },
    );
    await fc.assert(property, { ...bounds, numRuns: 400 });
  });
});
