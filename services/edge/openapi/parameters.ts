import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { type RestBinding, responseKind } from '../rest/binding.ts';
import { findFieldPath, pathKey } from '../rest/fields.ts';
import { isTextField } from '../rest/scalar-text.ts';
import { parameterReference } from './components.ts';
import { fieldExample } from './example.ts';
import type { Schema } from './field-schema.ts';
import type { MessageSchemas } from './message-schema.ts';

/** The parameters of an operation: of its path, its query and its headers. */
export function toParameters(binding: RestBinding, schemas: MessageSchemas): Schema[] {
  return [
    ...pathParameters(binding, schemas),
    ...queryParameters(binding, schemas),
    ...(isConditional(binding) ? [parameterReference('IfNoneMatch')] : []),
    parameterReference('RequestTimeout'),
    parameterReference('RequestId'),
  ];
}

/** True where answers have an ETag. */
export function isConditional(binding: RestBinding): boolean {
  const kind = responseKind(binding);
  return binding.httpMethod === 'GET' && (kind === 'json' || kind === 'raw');
}

/** The proto names of the fields that a path gives. */
export function pathFields({ method, template }: RestBinding): Set<string> {
  return new Set(
    template.variables.map(({ fieldPath }) => pathKey(findFieldPath(method.input, fieldPath) ?? [])),
  );
}

function pathParameters({ method, template }: RestBinding, schemas: MessageSchemas): Schema[] {
  return template.variables.map(({ fieldPath, start, end, isSingle }) => {
    const fields = findFieldPath(method.input, fieldPath) ?? [];
    const field = fields.at(-1);
    const pattern = template.segments.slice(start, end).map((segment) => {
      return segment.kind === 'literal' ? segment.text : segment.kind === 'one' ? '*' : '**';
    });
    const note = isSingle ? {} : { description: `The segments ${pattern.join('/')}.` };
    const example = field && isSingle ? { example: fieldExample(field) } : {};
    return { ...parameter(fields, schemas, 'path'), required: true, ...note, ...example };
  });
}

// Without examples: a page of documentation would send them along.
function queryParameters(binding: RestBinding, schemas: MessageSchemas): Schema[] {
  const { method, body } = binding;
  if (body.kind === 'message' || (body.kind === 'raw' && !body.field)) return [];
  const taken = pathFields(binding);
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

/** The dotted path of JSON names, as queries have it. */
export function jsonPath(fields: readonly DescField[]): string {
  return fields.map(({ jsonName }) => jsonName).join('.');
}
