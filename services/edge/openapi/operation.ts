import { type DescMessage, getOption } from '@bufbuild/protobuf';
import {
  Access,
  LimitCategory,
  method as methodOption,
  Permission,
} from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { RestBinding } from '../rest/binding.ts';
import { findFieldPath } from '../rest/fields.ts';
import type { PathTemplate } from '../rest/template.ts';
import { answerResponses } from './answer-response.ts';
import type { Comments } from './comments.ts';
import { errorResponses } from './error-response.ts';
import { fieldExample, requestExample } from './example.ts';
import type { Schema } from './field-schema.ts';
import type { MessageSchemas } from './message-schema.ts';
import { jsonPath, pathFields, toParameters } from './parameters.ts';

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
): Schema {
  const { method } = binding;
  const policy = getOption(method, methodOption);
  const comment = schemas.comment(`${method.parent.typeName}.${method.name}`);
  const requestBody = toRequestBody(binding, schemas, policy.bodyTypes);
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
    parameters: toParameters(binding, schemas),
    ...(requestBody ? { requestBody } : {}),
    responses: { ...answerResponses(binding, schemas), ...errorResponses(binding, comments) },
  };
}

function toRequestBody(
  binding: RestBinding,
  schemas: MessageSchemas,
  bodyTypes: readonly string[],
): Schema | undefined {
  const { method, body } = binding;
  if (body.kind === 'none') return undefined;
  if (body.kind === 'raw') {
    const types = bodyTypes.length > 0 ? bodyTypes : ['application/octet-stream'];
    const content = types.map((type) => [type, { schema: rawSchema(type) }] as const);
    return { required: true, content: Object.fromEntries(content) };
  }
  if (body.kind === 'field') {
    const schema = schemas.describedField(body.field);
    return jsonBody(schema, fieldExample(body.field));
  }
  const inPath = pathFields(binding);
  return jsonBody(schemas.message(method.input, inPath), requestExample(method.input, inPath));
}

function jsonBody(schema: Schema, example: unknown): Schema {
  return { required: true, content: { 'application/json': { schema, example } } };
}

function rawSchema(contentType: string): Schema {
  return contentType.startsWith('text/') ? { type: 'string' } : {};
}

function firstSentence(comment: string): string {
  return /^[\s\S]*?[.!](?=\s|$)/.exec(comment)?.[0].replaceAll('\n', ' ') ?? comment;
}

/** `StreamQuery` as `Stream query`. */
function toWords(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
