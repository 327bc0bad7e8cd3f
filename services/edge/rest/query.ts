import type { DescField } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import { findFieldPath, pathKey } from './fields.ts';
import { invalidField, quote } from './malformed.ts';
import { isTextField, readText, TextMismatch } from './scalar-text.ts';
import type { PathVariable } from './template.ts';

/** Which of a request's fields query parameters may set. */
export interface QueryRules {
  /** Dotted proto names that the path or the body already gives; parameters may not name them nor what is inside. */
  readonly taken: ReadonlySet<string>;
  /** True where the body is the whole message, so that no parameter has a place. */
  readonly isClosed: boolean;
  readonly unknownParameters: 'refuse' | 'ignore';
}

/** Sets the fields of the path's variables. INVALID_REQUEST names the one that is not of its field's type. */
export function setVariables(target: ReflectMessage, variables: readonly PathVariable[]): void {
  for (const { fieldPath, value } of variables) {
    const fields = findFieldPath(target.desc, fieldPath);
    if (!fields) throw new Error(`no field ${fieldPath.join('.')} in ${target.desc.typeName}`);
    setText(target, fields, value, fieldPath.join('.'));
  }
}

/**
 * Sets fields from a query string: `pageSize=2`, nested `csv.delimiter=|`, repeated by repetition, names in either
 * case. INVALID_REQUEST names the parameter that is unknown, given twice, or not of its field's type.
 */
export function setQuery(target: ReflectMessage, query: string, rules: QueryRules): void {
  const seen = new Set<string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = decode(equals === -1 ? '' : pair.slice(equals + 1));
    const fields = findFieldPath(target.desc, name.split('.'));
    const field = fields?.at(-1);
    if (!fields || !field || rules.isClosed || !isTextField(field)) {
      if (rules.unknownParameters === 'ignore') continue;
      throw invalidField(name, `there is no query parameter ${quote(name)}`);
    }
    const key = pathKey(fields);
    if (isTaken(key, rules.taken)) throw invalidField(name, 'is given by the path or the body');
    if (field.fieldKind !== 'list' && seen.has(key)) throw invalidField(name, 'is given twice');
    seen.add(key);
    setText(target, fields, value, name);
  }
}

function isTaken(key: string, taken: ReadonlySet<string>): boolean {
  const names = key.split('.');
  return names.some((_, index) => taken.has(names.slice(0, index + 1).join('.')));
}

function setText(target: ReflectMessage, fields: readonly DescField[], text: string, name: string): void {
  const parent = fields.slice(0, -1).reduce(openMessage, target);
  const field = fields.at(-1);
  if (!field) throw new Error('an empty field path');
  const value = readText(field, text);
  if (value instanceof TextMismatch) throw invalidField(name, value.expected);
  const other = field.oneof && parent.oneofCase(field.oneof);
  if (other && other !== field) throw invalidField(name, `cannot be given beside ${other.jsonName}`);
  const reflected = field.message ? reflect(field.message, value as never) : value;
  if (field.fieldKind === 'list') parent.get(field).add(reflected);
  else parent.set(field, reflected);
}

function openMessage(parent: ReflectMessage, field: DescField): ReflectMessage {
  if (field.fieldKind !== 'message') throw new Error(`${field.name} is not a message`);
  if (!parent.isSet(field)) parent.set(field, reflect(field.message));
  return parent.get(field);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    const message = `the query string is not percent-encoded UTF-8 at ${quote(text)}`;
    throw rpcError(ErrorReason.INVALID_REQUEST, message, { cause });
  }
}
