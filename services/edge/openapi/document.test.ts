import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CreditService, LedgerService } from '../../../gen/trellis/credit/v1/credit_pb.js';
import { CatalogService } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { PlacementService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { ApiKeyService } from '../../../gen/trellis/iam/v1/api_key_pb.js';
import { AuthService } from '../../../gen/trellis/iam/v1/auth_pb.js';
import { UserService } from '../../../gen/trellis/iam/v1/user_pb.js';
import { RateLimitService } from '../../../gen/trellis/ratelimit/v1/ratelimit_pb.js';
import { isReachable, toBindings } from '../rest/binding.ts';
import { createTestService } from '../rest/test-service.ts';
import { type Comments, commentsFromDescriptorSet } from './comments.ts';
import { createOpenApiDocument } from './document.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly security: unknown;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: unknown }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: unknown }> };
  readonly responses: Record<
    string,
    { readonly description: string; readonly content: Record<string, unknown> }
  >;
}

interface Document {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Record<string, unknown>> };
}

const services = [
  AuthService,
  UserService,
  ApiKeyService,
  CreditService,
  LedgerService,
  RateLimitService,
  CatalogService,
  GraphService,
  PlacementService,
];

function documentOf(comments?: Comments): Document {
  const document = createOpenApiDocument({
    services,
    title: 'Trellis',
    version: '1',
    ...(comments ? { comments } : {}),
  });
  // As a client gets it.
  return JSON.parse(JSON.stringify(document));
}

function operationsOf(document: Document): [string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, item]) => {
    return Object.entries(item).map(([method, operation]): [string, Operation] => {
      return [`${method.toUpperCase()} ${path}`, operation];
    });
  });
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    return key === '$ref' && typeof member === 'string' ? [member] : referencesIn(member);
  });
}

function resolve(document: unknown, reference: string): unknown {
  const names = reference.replace(/^#\//, '').split('/');
  return names.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | undefined)?.[name],
    document,
  );
}

describe('OpenAPI document', () => {
  const document = documentOf();
  const operations = new Map(operationsOf(document));

  it('is OpenAPI 3.1 in which every reference leads somewhere', () => {
    expect(document.openapi).toBe('3.1.0');
    const references = new Set(referencesIn(document));
    expect(references.size).toBeGreaterThan(20);
    for (const reference of references) expect(resolve(document, reference), reference).toBeDefined();
    expect(
      Object.values(document.components.schemas).filter((schema) => Object.keys(schema).length === 0),
    ).toEqual([]);
  });

  it('has an operation for every binding of every reachable method, and for no other', () => {
    const wanted = services
      .flatMap(({ methods }) => methods)
      .filter(isReachable)
      .flatMap(toBindings);
    const ids = [...operations.values()].map(({ operationId }) => operationId);
    expect(ids.length).toBe(wanted.length);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { method } of wanted) expect(ids).toContain(`${method.parent.name}_${method.name}`);
    expect(document.tags.map(({ name }) => name)).not.toContain('Placement');
  });

  it('has a parameter for each variable of a path', () => {
    for (const [name, { parameters = [] }] of operations) {
      const variables = [...name.matchAll(/\{([^}]+)\}/g)].map(([, variable]) => variable);
      expect(parameters.filter((each) => each.in === 'path').map((each) => each.name)).toEqual(variables);
    }
  });

  it('describes a query: body without the path variable, plain values, rows as arrays, reasons by status', () => {
    const query = operations.get('POST /v1/graphs/{graphId}/query');
    expect(query?.requestBody?.content['application/json']).toEqual({
      schema: { $ref: '#/components/schemas/QueryRequest' },
      example: { statement: 'MATCH (p:Person) WHERE p.id = $id RETURN p.name', parameters: { id: 1 } },
    });
    const { QueryRequest, QueryResponse } = document.components.schemas;
    expect(Object.keys(QueryRequest?.properties ?? {})).toEqual([
      'statement',
      'parameters',
      'timeoutMs',
      'maxRows',
      'atLeastRevision',
    ]);
    expect(QueryRequest).toMatchObject({
      required: ['statement'],
      properties: {
        statement: { type: 'string', minLength: 1 },
        parameters: {
          maxProperties: 1000,
          additionalProperties: { $ref: '#/components/schemas/GraphValue' },
        },
      },
    });
    expect(QueryResponse).toMatchObject({
      properties: {
        rows: { type: 'array', items: { type: 'array', items: { $ref: '#/components/schemas/GraphValue' } } },
      },
    });
    expect(query?.security).toEqual([{ bearer: [] }, { apiKey: [] }]);
    expect(query?.responses['429']).toMatchObject({ description: 'RATE_LIMITED' });
    expect(query?.responses['413']).toMatchObject({ description: 'MESSAGE_TOO_LARGE' });
    expect(Object.keys(query?.responses ?? {})).toEqual([
      '200',
      '400',
      '401',
      '403',
      '406',
      '413',
      '415',
      '429',
      '500',
      '503',
      '504',
      'default',
    ]);
  });

  it('describes streams, uploads and open methods as what they are', () => {
    const stream = operations.get('POST /v1/graphs/{graphId}/query/stream');
    expect(Object.keys(stream?.responses['200']?.content ?? {})).toEqual([
      'application/x-ndjson',
      'text/event-stream',
    ]);
    const upload = operations.get('POST /v1/graphs/{graphId}/tables/{table}/import');
    expect(Object.keys(upload?.requestBody?.content ?? {})).toEqual([
      'text/csv',
      'application/x-ndjson',
      'application/vnd.apache.parquet',
    ]);
    expect(upload?.parameters?.filter((each) => each.in === 'query').map(({ name }) => name)).toEqual([
      'csv.delimiter',
      'csv.quote',
      'csv.escape',
      'csv.header',
      'fromLabel',
      'toLabel',
      'importId',
      'sizeBytes',
      'marksLast',
      'isLast',
    ]);
    expect(operations.get('POST /v1/auth/login')?.security).toEqual([]);
    expect(operations.get('GET /v1/graphs')?.parameters).toMatchObject([
      { name: 'pageSize', in: 'query', schema: { type: 'integer', minimum: 0, maximum: 1000 } },
      { name: 'pageToken', in: 'query', schema: { type: 'string', maxLength: 256 } },
      { name: 'parentGraphId', in: 'query' },
      { $ref: '#/components/parameters/IfNoneMatch' },
      { $ref: '#/components/parameters/RequestTimeout' },
      { $ref: '#/components/parameters/RequestId' },
    ]);
  });

  it('says of GET that it is conditional, and of a denied limit when to come back', () => {
    const get = operations.get('GET /v1/graphs/{graphId}/schema');
    expect(get?.responses['304']).toMatchObject({ headers: { ETag: {} } });
    expect(get?.responses['200']).toMatchObject({
      headers: { ETag: {}, RateLimit: {}, 'RateLimit-Policy': {} },
    });
    const write = operations.get('POST /v1/graphs/{graphId}/execute');
    expect(write?.responses['304']).toBeUndefined();
    expect(write?.responses['429']).toMatchObject({ headers: { RateLimit: {}, 'Retry-After': {} } });
    expect(write?.responses['401']).toMatchObject({
      headers: { 'WWW-Authenticate': {} },
      content: {
        'application/json': {
          examples: { CREDENTIAL_MISSING: { value: { error: { code: 401, reason: 'CREDENTIAL_MISSING' } } } },
        },
      },
    });
  });

  it('shows both forms of a stream as they are sent', () => {
    const stream = operations.get('POST /v1/graphs/{graphId}/query/stream')?.responses['200']?.content;
    const lines = '{"columns":[{"name":"p.name","type":"STRING"}]}\n{"rows":[["Ada Lovelace"]]}\n{"done":';
    expect(stream?.['application/x-ndjson']).toMatchObject({
      schema: { type: 'string' },
      'x-itemSchema': { anyOf: [{ $ref: '#/components/schemas/StreamQueryResponse' }, {}] },
      example: expect.stringContaining(lines),
    });
    expect(stream?.['text/event-stream']).toMatchObject({
      example: expect.stringMatching(
        /^retry: 3000\n\ndata: \{"columns":.*\}\n\ndata: \{"rows":.*\}\n\ndata: \{"done":.*\n\n$/,
      ),
    });
  });

  it('numbers the operations of additional bindings and refuses two at one path', () => {
    const get = (value: string) => ({ pattern: { case: 'get', value } }) as const;
    const create = (...paths: string[]) => {
      const service = createTestService([
        { name: 'Do', rule: { ...get(paths[0] ?? ''), additionalBindings: paths.slice(1).map(get) } },
      ]);
      return createOpenApiDocument({ services: [service], title: 't', version: '1' }) as Document;
    };
    const numbered = create('/a/{name=x/*}', '/b/{inner.name}:do');
    expect(operationsOf(numbered).map(([name, { operationId }]) => [name, operationId])).toEqual([
      ['GET /a/{name}', 'TestService_Do'],
      ['GET /b/{inner.name}:do', 'TestService_Do_2'],
    ]);
    expect(() => create('/a/{name=x/*}', '/a/{name=y/*}')).toThrow(/two operations at GET \/a\/\{name\}/);
  });
});

describe('comments of the contract', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const image = execFileSync(
    `${root}node_modules/.bin/buf`,
    ['build', '--as-file-descriptor-set', '-o', '-'],
    {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const comments = commentsFromDescriptorSet(image);

  it('are found by full name', () => {
    expect(comments.get('trellis.graph.v1.GraphService')).toBe(
      'The data plane of one graph, served by the engine process that holds it.',
    );
    expect(comments.get('trellis.graph.v1.QueryRequest.statement')).toBe(
      'One Cypher statement that only reads.',
    );
    expect(comments.get('trellis.graph.v1.Timestamp.Precision.PRECISION_SECONDS')).toBe('TIMESTAMP_SEC.');
    expect(comments.get('trellis.graph.v1.GraphService.GetSchema')).toBe(
      'Describes the node tables and relationship tables of the graph.\nPermission: GRAPH_READ on the graph.\nErrors: GRAPH_NOT_FOUND.',
    );
  });

  it('become summaries, descriptions and the reasons of each status', () => {
    const operations = new Map(operationsOf(documentOf(comments)));
    const query = operations.get('POST /v1/graphs/{graphId}/query');
    expect(query?.summary).toBe('Runs one read-only statement and answers with the whole result.');
    expect(query?.responses['404']?.description).toBe('GRAPH_NOT_FOUND');
    expect(query?.responses['400']?.description).toContain('STATEMENT_WRITES');
    const execute = operations.get('POST /v1/graphs/{graphId}/execute');
    expect(execute?.responses['400']?.description).toContain('STATEMENT_FAILED');
    expect(execute?.responses['400']?.description).not.toContain('STATEMENT_WRITES');
    expect(execute?.responses['503']?.description).toBe('OUTCOME_UNKNOWN, UNAVAILABLE');
  });
});
