import { create } from '@bufbuild/protobuf';
import {
  type Field,
  type InternalId,
  type Node,
  NodeSchema,
  PathSchema,
  type Relationship,
  RelationshipSchema,
  type Value,
} from '../../../../gen/trellis/graph/v1/value_pb.js';
import type { EngineType } from './engine-type.ts';
import { losesByType } from './exactness.ts';
import type { GraphTables, TableProperty } from './graph-tables.ts';
import { decodeLeaf } from './leaf-decoder.ts';
import { InexactValue, listValue, nullValue, toField, toInternalId, toValue } from './value.ts';

/** Makes a value of what the binding gave for it. Throws InexactValue where it may have lost a part. */
export type Decoder = (raw: unknown) => Value;

type RawObject = Readonly<Record<string, unknown>>;

/** Gives the properties of a node or relationship, if not all of them can be read from the object itself. */
export type PropertySource = (
  name: string,
) => { readonly decode: Decoder; readonly raw: unknown } | undefined;

/** Reads values of a type in the plain form, the one that a statement gives when it runs as it is. */
export function createPlainDecoder(type: EngineType, tables: GraphTables): Decoder {
  const decode = decoderOf(type, tables);
  return (raw) => (raw === null || raw === undefined ? nullValue() : decode(raw));
}

function decoderOf(type: EngineType, tables: GraphTables): Decoder {
  if (losesByType(type)) return () => inexact(type);
  switch (type.kind) {
    case 'leaf':
      if (type.name === 'NODE' || type.name === 'REL') return elementDecoder(type.name, tables);
      if (type.name === 'RECURSIVE_REL') return (raw) => decodePath(raw as RawObject, tables);
      return (raw) => toValue(decodeLeaf(type, raw));
    case 'decimal':
      return (raw) => toValue(decodeLeaf(type, raw));
    case 'list':
    case 'array': {
      const element = createPlainDecoder(type.element, tables);
      return (raw) => listValue((raw as unknown[]).map(element));
    }
    case 'struct': {
      const fields = type.fields.map(({ name, type: inner }) => ({
        name,
        decode: createPlainDecoder(inner, tables),
      }));
      return (raw) => {
        const object = raw as RawObject;
        const values = fields.map(({ name, decode }) => {
          if (!Object.hasOwn(object, name)) throw new InexactValue('STRUCT');
          return toField(name, decode(object[name]));
        });
        return toValue({
          case: 'structValue',
          value: { $typeName: 'trellis.graph.v1.Struct', fields: values },
        });
      };
    }
    default:
      return () => inexact(type);
  }
}

/** True for a node or relationship that an optional pattern did not find: its object has no identity. */
export function isMissing(raw: RawObject | null): raw is null {
  return raw === null || raw._id === null;
}

/** Reads nodes or relationships; `source` answers for properties that the object does not hold exactly. */
export function elementDecoder(
  name: 'NODE' | 'REL',
  tables: GraphTables,
): (raw: unknown, source?: PropertySource) => Value {
  return (raw, source) => {
    const object = raw as RawObject | null;
    if (isMissing(object)) return nullValue();
    return name === 'NODE'
      ? toValue({ case: 'nodeValue', value: decodeNode(object, tables, source) })
      : toValue({ case: 'relationshipValue', value: decodeRelationship(object, tables, source) });
  };
}

function decodeNode(raw: RawObject, tables: GraphTables, source?: PropertySource): Node {
  const label = raw._label as string;
  const properties = decodeProperties(raw, label, tables, source);
  return create(NodeSchema, { id: toInternalId(raw._id), label, properties });
}

function decodeRelationship(raw: RawObject, tables: GraphTables, source?: PropertySource): Relationship {
  const label = raw._label as string;
  return create(RelationshipSchema, {
    ...toRelationshipId(raw),
    label,
    source: toInternalId(raw._src),
    destination: toInternalId(raw._dst),
    properties: decodeProperties(raw, label, tables, source),
  });
}

/** Nothing for a relationship of the same transaction: before the commit its identity is one beyond 2^53. */
export function toRelationshipId(raw: RawObject): { id?: InternalId } {
  const id = raw._id as { readonly offset: number };
  return Number.isSafeInteger(id.offset) ? { id: toInternalId(id) } : {};
}

function decodePath(raw: RawObject, tables: GraphTables): Value {
  const nodes = (raw._nodes as (RawObject | null)[]).map((node) =>
    isMissing(node) ? create(NodeSchema) : decodeNode(node, tables),
  );
  const relationships = (raw._rels as (RawObject | null)[]).map((rel) =>
    isMissing(rel) ? create(RelationshipSchema) : decodeRelationship(rel, tables),
  );
  return toValue({ case: 'pathValue', value: create(PathSchema, { nodes, relationships }) });
}

function decodeProperties(
  raw: RawObject,
  label: string,
  tables: GraphTables,
  source: PropertySource | undefined,
): Field[] {
  return ownProperties(raw, label, tables).map(({ name, type }) => {
    const given = source?.(name);
    if (given) return toField(name, given.decode(given.raw));
    if (!type || name === '__proto__') throw new InexactValue(`property ${name}`);
    return toField(name, plainDecoder(type, tables)(raw[name]));
  });
}

/**
 * The properties of a node or relationship. Its object has those of all tables that the pattern could match; the
 * label says which are its own. In a recursive pattern that names some it has no others.
 */
export function ownProperties(raw: RawObject, label: string, tables: GraphTables): readonly TableProperty[] {
  const properties = tables.get(label);
  if (!properties) throw new InexactValue(`table ${label}`);
  // The binding drops `__proto__`, whether it is there or not.
  return properties.filter(({ name }) => name === '__proto__' || Object.hasOwn(raw, name));
}

const decoders = new WeakMap<EngineType, Decoder>();

function plainDecoder(type: EngineType, tables: GraphTables): Decoder {
  const known = decoders.get(type);
  if (known) return known;
  const decoder = createPlainDecoder(type, tables);
  decoders.set(type, decoder);
  return decoder;
}

function inexact(type: EngineType): never {
  throw new InexactValue(type.kind === 'leaf' ? type.name : type.kind.toUpperCase());
}
