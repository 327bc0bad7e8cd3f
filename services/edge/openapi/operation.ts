import { type DescField, type DescMessage, getOption } from '@bufbuild/protobuf';
import {
  Access,
  LimitCategory,
  method as methodOption,
  Permission,
} from '../../../gen/trellis/policy/v1/policy_pb.js';
import { type RestBinding, responseKind } from '../rest/binding.ts';
import { findFieldPath, pathKey } from '../rest/fields.ts';
import { isTextField } from '../rest/scalar-text.ts';
import type { PathTemplate } from '../rest/template.ts';
import type { Comments } from './comments.ts';
import { errorResponses } from './error-response.ts';
import type { Schema } from './field-schema.ts';
import type { MessageSchemas } from './message-schema.ts';

/** The tag of a service's operations: its name without "Service". */
export function tagOf(serviceName: string): string {
  return serviceName.replace(/Service$/, '');
}

/** The template as OpenAPI writes paths: variables by their JSON names. */
export function openApiPath(input: DescMessage, { segments, variables, verb }: PathTemplate): string {
  const parts: string[] = [];
  for (let at = 0; at < segments.length; at += 1) {
    const segment = segments[at];
    const variable = variables.find(({ start }) => start === at);
    if (variable) {
      parts.push(`{${jsonPath(findFieldPath(input, variable.fieldPath) ?? [])}}`);
      at = variable.end - 1;
    } else {
      parts.push(segment?.kind === 'literal' ? segment.text : segment?.kind === 'one' ? '*' : '**');
    }
  }
  return `/${parts.join('/')}${verb === undefined ? '' : `:${verb}`}`;
}

/** The operation of a binding; `index` tells the bindings of one method apart. */
export function toOperation(
  binding: RestBinding,
  index: number,
  schemas: MessageSchemas,
  comments: Comments,
  rawContentTypes: readonly string[],
): Schema {
  const { method } = binding;
  const policy = getOption(method, methodOption);
  const comment = schemas.comment(`${method.parent.typeName}.${method.name}`);
  const parameters = [...pathParameters(binding, schemas), ...queryParameters(binding, schemas)];
  const requestBody = toRequestBody(binding, schemas, rawContentTypes);
  return {
    operationId: `${method.parent.name}_${method.name}${index === 0 ? '' : `_${index + 1}`}`,
    tags: [tagOf(method.parent.name)],
    summary: comment === undefined ? toWords(method.name) : firstSentence(comment),
    ...(comment === undefined ? {} : { description: comment }),
    ...(method.deprecated ? { deprecated: true } : {}),
    ...(policy.permission === Permission.UNSPECIFIED
      ? {}
      : { 'x-permission': Permission[policy.permission] }),
    ...(policy.limit === LimitCategory.UNSPECIFIED
      ? {}
      : { 'x-limit-category': LimitCategory[policy.limit] }),
    security: policy.access === Access.PUBLIC ? [] : [{ bearer: [] }, { apiKey: [] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(requestBody ? { requestBody } : {}),
    responses: { 200: toResponse(binding, schemas), ...errorResponses(binding, comments) },
  };
}

function pathParameters({ method, template }: RestBinding, schemas: MessageSchemas): Schema[] {
  return template.variables.map(({ fieldPath, start, end, isSingle }) => {
    const fields = findFieldPath(method.input, fieldPath) ?? [];
    const pattern = template.segments.slice(start, end).map((segment) => {
      return segment.kind === 'literal' ? segment.text : segment.kind === 'one' ? '*' : '**';
    });
    const note = isSingle ? {} : { description: `The segments ${pattern.join('/')}.` };
    return { ...parameter(fields, schemas, 'path'), required: true, ...note };
  });
}

function queryParameters(binding: RestBinding, schemas: MessageSchemas): Schema[] {
  const { method, template, body } = binding;
  if (body.kind === 'message' || (body.kind === 'raw' && !body.field)) return [];
  const taken = new Set(
    template.variables.map(({ fieldPath }) => pathKey(findFieldPath(method.input, fieldPath) ?? [])),
  );
  if (body.kind !== 'none' && body.field) taken.add(body.field.name);
  return leaves(method.input, [], taken).map((fields) => parameter(fields, schemas, 'query'));
}

// The fields that a query parameter can set, those within messages too. A message within itself is left out.
function leaves(desc: DescMessage, before: readonly DescField[], taken: ReadonlySet<string>): DescField[][] {
  return desc.fields.flatMap((field) => {
    const fields = [...before, field];
    if (taken.has(pathKey(fields))) return [];
    if (isTextField(field)) return [fields];
    const isRecursive = before.some(({ parent }) => parent === field.message) || field.message === desc;
    return field.fieldKind === 'message' && !isRecursive ? leaves(field.message, fields, taken) : [];
  });
}

function parameter(fields: readonly DescField[], schemas: MessageSchemas, where: 'path' | 'query'): Schema {
  const field = fields.at(-1);
  const description = field && schemas.comment(`${field.parent.typeName}.${field.name}`);
  return {
    name: jsonPath(fields),
    in: where,
    ...(description === undefined ? {} : { description }),
    schema: field ? schemas.field(field) : {},
  };
}

function toRequestBody(
  { method, body, template }: RestBinding,
  schemas: MessageSchemas,
  rawContentTypes: readonly string[],
): Schema | undefined {
  if (body.kind === 'none') return undefined;
  if (body.kind === 'raw') {
    const content = rawContentTypes.map((type) => [type, { schema: rawSchema(type) }] as const);
    return { required: true, content: Object.fromEntries(content) };
  }
  const inPath = new Set(
    template.variables.map(({ fieldPath }) => pathKey(findFieldPath(method.input, fieldPath) ?? [])),
  );
  const schema =
    body.kind === 'field' ? schemas.describedField(body.field) : schemas.message(method.input, inPath);
  return { required: true, content: { 'application/json': { schema } } };
}

function toResponse(binding: RestBinding, schemas: MessageSchemas): Schema {
  const { method, responseField } = binding;
  const kind = responseKind(binding);
  const isRaw = kind === 'raw' || kind === 'raw-stream';
  const schema = responseField ? schemas.field(responseField) : isRaw ? {} : schemas.message(method.output);
  const content =
    kind === 'stream'
      ? {
          'application/x-ndjson': { schema, 'x-item-schema': 'one line' },
          'text/event-stream': { schema, 'x-item-schema': 'the data of one event' },
        }
      : isRaw
        ? { '*/*': { schema: {} } }
        : { 'application/json': { schema } };
  return {
    description: schemas.comment(method.output.typeName) ?? toWords(method.output.name),
    headers: {
      'X-Request-Id': { $ref: '#/components/headers/RequestId' },
      RateLimit: { $ref: '#/components/headers/RateLimit' },
      'RateLimit-Policy': { $ref: '#/components/headers/RateLimitPolicy' },
    },
    content,
  };
}

function rawSchema(contentType: string): Schema {
  return contentType.startsWith('text/') ? { type: 'string' } : {};
}

function jsonPath(fields: readonly DescField[]): string {
  return fields.map(({ jsonName }) => jsonName).join('.');
}

function firstSentence(comment: string): string {
  return /^[\s\S]*?[.!](?=\s|$)/.exec(comment)?.[0].replaceAll('\n', ' ') ?? comment;
}

/** `StreamQuery` as `Stream query`. */
function toWords(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
