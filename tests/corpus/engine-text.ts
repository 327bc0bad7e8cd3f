import { type EngineType, parseEngineType } from '../../services/graph/domain/values/engine-type.ts';
import type { ForeignMessage } from '../support/foreign-grpc.ts';
import {
  formatDate,
  formatDecimal,
  formatDouble,
  formatInterval,
  formatTimestamp,
} from './engine-text-leaf.ts';

/** The types of tables' properties, by table and property. */
export type PropertyTypes = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What a value's text depends on besides the value. */
export interface TextContext {
  readonly properties: PropertyTypes;
  /** What the graph's first table would be in a new database; the tests print ids of tables. */
  readonly firstTable: bigint;
}

/** A row of an answer as the engine's runner prints it: `Value::toString` of each value between bars. */
export function toTupleText(
  values: readonly ForeignMessage[],
  types: readonly string[],
  context: TextContext,
): string {
  return values.map((value, index) => toText(value, parseEngineType(types[index] ?? ''), context)).join('|');
}

function toText(value: ForeignMessage, type: EngineType | undefined, context: TextContext): string {
  switch (value?.kind) {
    case 'nullValue':
      return '';
    case 'boolValue':
      return value.boolValue ? 'True' : 'False';
    case 'floatValue':
    case 'doubleValue':
      return formatDouble(value[value.kind]);
    case 'decimalValue':
      return formatDecimal(value.decimalValue);
    case 'bytesValue':
      return toBlobText(value.bytesValue);
    case 'dateValue':
      return formatDate(BigInt(value.dateValue));
    case 'timestampValue':
      return formatTimestamp(value.timestampValue);
    case 'intervalValue':
      return formatInterval(value.intervalValue);
    case 'listValue':
      return `[${(value.listValue.values ?? []).map((each: ForeignMessage) => toText(each, elementOf(type), context)).join(',')}]`;
    case 'structValue':
      return toStructText(value.structValue.fields ?? [], type, context);
    case 'mapValue':
      return toMapText(value.mapValue.entries ?? [], type, context);
    case 'nodeValue':
      return toNodeText(value.nodeValue, context);
    case 'relationshipValue':
      return toRelationshipText(value.relationshipValue, context);
    case 'pathValue':
      return toPathText(value.pathValue, context);
    case 'internalIdValue':
      return toIdText(value.internalIdValue, context);
    case undefined:
      throw new Error('a value without a kind');
    default:
      return String(value[value.kind]);
  }
}

function elementOf(type: EngineType | undefined): EngineType | undefined {
  return type?.kind === 'list' || type?.kind === 'array' ? type.element : undefined;
}

function toStructText(
  fields: readonly ForeignMessage[],
  type: EngineType | undefined,
  context: TextContext,
): string {
  const types = type?.kind === 'struct' || type?.kind === 'union' ? type.fields : [];
  const texts = fields.map(({ name, value }) =>
    toText(value, types.find((field) => field.name === name)?.type, context),
  );
  // A union comes as the one field that it has.
  if (type?.kind === 'union') return texts[0] ?? '';
  return `{${fields.map(({ name }, index) => `${name}: ${texts[index]}`).join(', ')}}`;
}

function toMapText(
  entries: readonly ForeignMessage[],
  type: EngineType | undefined,
  context: TextContext,
): string {
  const [key, value] = type?.kind === 'map' ? [type.key, type.value] : [];
  const texts = entries.map(
    (entry) => `${toText(entry.key, key, context)}=${toText(entry.value, value, context)}`,
  );
  return `{${texts.join(', ')}}`;
}

function toNodeText({ id, label, properties = [] }: ForeignMessage, context: TextContext): string {
  const parts = [`_ID: ${toIdText(id, context)}`, `_LABEL: ${label}`];
  return `{${[...parts, ...toPropertyTexts(label, properties, context)].join(', ')}}`;
}

function toRelationshipText(relationship: ForeignMessage, context: TextContext): string {
  const { id, label, source, destination, properties = [] } = relationship;
  const parts = [`_LABEL: ${label}`, `_ID: ${toIdText(id, context)}`];
  const inner = [...parts, ...toPropertyTexts(label, properties, context)].join(', ');
  return `(${toIdText(source, context)})-{${inner}}->(${toIdText(destination, context)})`;
}

function toPropertyTexts(
  label: string,
  properties: readonly ForeignMessage[],
  context: TextContext,
): string[] {
  const types = context.properties.get(label);
  return properties
    .filter(({ value }) => value?.kind !== 'nullValue')
    .map(({ name, value }) => `${name}: ${toText(value, parseEngineType(types?.get(name) ?? ''), context)}`);
}

function toPathText({ nodes = [], relationships = [] }: ForeignMessage, context: TextContext): string {
  // A part that an optional pattern did not find has no label; the text of NULL is empty.
  const nodeTexts = nodes.map((node: ForeignMessage) => (node.label ? toNodeText(node, context) : ''));
  const relationshipTexts = relationships.map((each: ForeignMessage) =>
    each.label ? toRelationshipText(each, context) : '',
  );
  return `{_NODES: [${nodeTexts.join(',')}], _RELS: [${relationshipTexts.join(',')}]}`;
}

/** What the same statement made has no identity yet. */
function toIdText(id: ForeignMessage, { firstTable }: TextContext): string {
  if (!id) return '';
  const { table = '0', offset = '0' } = id;
  return `${BigInt(table) - firstTable}:${offset}`;
}

function toBlobText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const isPlain = byte >= 32 && byte <= 126 && !'\\\'"'.includes(String.fromCharCode(byte));
    return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
