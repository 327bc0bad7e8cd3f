import { readFile } from 'node:fs/promises';
import { create } from '@bufbuild/protobuf';
import { registerSchema, type Validator, validate } from '@hyperjump/json-schema/openapi-3-1';
import { beforeAll, describe, expect, it } from 'vitest';
import { validationOf } from '../../mesh/rpc/validation.ts';
import { contractServices } from '../contract.ts';
import type { BodyReader, Exchange } from '../listener/exchange.ts';
import { HttpRequest } from '../listener/http-messages.ts';
import { isReachable, type RestBinding, responseKind, toBindings } from '../rest/binding.ts';
import { JsonWriter } from '../rest/message-to-json.ts';
import { readRequests } from '../rest/request.ts';
import { createRouter } from '../rest/router.ts';
import { commentsFromDescriptorSet } from './comments.ts';
import { createOpenApiDocument } from './document.ts';
import { openApiPath } from './operation.ts';

type Json = Parameters<typeof registerSchema>[0];
interface Media {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
  readonly 'x-itemSchema'?: object;
}
interface Operation {
  readonly parameters: readonly {
    readonly name?: string;
    readonly in?: string;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

const comments = commentsFromDescriptorSet(
  await readFile(new URL('../../../gen/trellis.binpb', import.meta.url)),
);
const document = JSON.parse(
  JSON.stringify(
    createOpenApiDocument({ services: contractServices, title: 'Trellis', version: '1', comments }),
  ),
);
const bindings = contractServices
  .flatMap(({ methods }) => methods)
  .filter(isReachable)
  .flatMap(toBindings)
  .map(
    (binding) =>
      [`${binding.httpMethod} ${openApiPath(binding.method.input, binding.template)}`, binding] as const,
  );

function operationOf({ httpMethod, method, template }: RestBinding): Operation {
  return document.paths[openApiPath(method.input, template)][httpMethod.toLowerCase()];
}

const dialectId = 'https://spec.openapis.org/oas/3.1/dialect/base';
const componentsId = 'https://trellis.test/components';
const validators = new Map<string, Validator>();

function withAbsoluteReferences(schema: unknown): Json {
  return JSON.parse(
    JSON.stringify(schema).replaceAll('#/components/schemas/', `${componentsId}#/$defs/`),
  ) as Json;
}

function compile(schema: object): Promise<Validator> {
  const id = `https://trellis.test/schema/${validators.size}`;
  registerSchema(withAbsoluteReferences(schema), id, dialectId);
  return validate(id);
}

/** What is wrong with a value by a schema of the document. */
async function errorsOf(schema: object, value: unknown): Promise<unknown> {
  const text = JSON.stringify(schema);
  const validator = validators.get(text) ?? (await compile(schema));
  validators.set(text, validator);
  const output = validator(value as never, 'BASIC');
  return output.valid ? [] : output.errors;
}

beforeAll(() => {
  registerSchema(withAbsoluteReferences({ $defs: document.components.schemas }), componentsId, dialectId);
});

it('the document is valid OpenAPI 3.1, its schemas are valid schemas', async () => {
  const dialect = 'https://spec.openapis.org/oas/3.1/schema-base';
  expect(await validate(dialect, document, 'BASIC')).toEqual({ valid: true });
  // The validator does look into schemas.
  const broken = structuredClone(document);
  broken.components.schemas.QueryRequest.properties.statement.type = 'text';
  expect((await validate(dialect, broken)).valid).toBe(false);
});

describe.each(bindings)('%s', (_name, binding) => {
  const { method } = binding;
  let operation: Operation;

  beforeAll(() => {
    operation = operationOf(binding);
  });

  it('has examples that its schemas allow', async () => {
    const bodies = [operation.requestBody ?? {}, ...Object.values(operation.responses)];
    const media = bodies.flatMap((body) => Object.entries(('content' in body && body.content) || {}));
    for (const [, { schema, example, examples = {} }] of media) {
      const values = [
        ...(example === undefined ? [] : [example]),
        ...Object.values(examples).map(({ value }) => value),
      ];
      for (const value of values) expect(await errorsOf(schema, value)).toEqual([]);
    }
    const items = operation.responses['200']?.content?.['application/x-ndjson'];
    for (const line of String(items?.example ?? '')
      .split('\n')
      .filter(Boolean)) {
      expect(await errorsOf(items?.['x-itemSchema'] ?? {}, JSON.parse(line))).toEqual([]);
    }
  });

  it('takes the request of its examples', async () => {
    let path = openApiPath(method.input, binding.template);
    for (const { name, in: where, example } of operation.parameters) {
      if (where === 'path') path = path.replace(`{${name}}`, encodeURIComponent(String(example)));
    }
    const match = createRouter(contractServices)(binding.httpMethod, path);
    if (match.kind !== 'route') throw new Error(`nothing is at ${path}`);
    const [[contentType, media] = ['', undefined]] = Object.entries(operation.requestBody?.content ?? {});
    const body = media ? [Buffer.from(JSON.stringify(media.example ?? ''))] : [];
    const request = new HttpRequest({
      method: binding.httpMethod,
      target: path,
      headers: { 'content-type': contentType },
      hasBody: body.length > 0,
      read: ({ onChunk, onEnd }: BodyReader) => {
        for (const chunk of body) onChunk(chunk);
        onEnd();
      },
    } as Exchange);
    const rules = { bodyBytesMax: 10_000, unknownParameters: 'refuse' } as const;
    for await (const message of readRequests(match, request, rules)) {
      validationOf(method.input)(message);
    }
  });

  it('gives answers as its schema says', async () => {
    if (responseKind(binding) !== 'json') return;
    const answer = JSON.parse(new JsonWriter().whole(method.output, create(method.output)));
    const { schema = {} } = operation.responses['200']?.content?.['application/json'] ?? {};
    expect(await errorsOf(schema, answer)).toEqual([]);
    expect(await errorsOf(schema, [])).not.toEqual([]);
  });
});
