import { create } from '@bufbuild/protobuf';
import {
  type Field,
  type Node,
  NodeSchema,
  PathSchema,
  type Relationship,
  RelationshipSchema,
  type Value,
} from '../../../../gen/trellis/graph/v1/value_pb.js';
import type { EngineType } from './engine-type.ts';
import { losesByType } from './exactness.ts';
import type { GraphTables } from './graph-tables.ts';
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
      if (type.name === 'NODE') {
        return (raw) => toValue({ case: 'nodeValue', value: decodeNode(raw as RawObject, tables) });
      }
      if (type.name === 'REL') {
        return (raw) =>
          toValue({ case: 'relationshipValue', value: decodeRelationship(raw as RawObject, tables) });
      }
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

/** Reads a node; `source` answers for properties that the object does not hold exactly. */
export function decodeNode(raw: RawObject, tables: GraphTables, source?: PropertySource): Node {
  const label = raw._label as string;
  const properties = decodeProperties(raw, label, tables, source);
  return create(NodeSchema, { id: toInternalId(raw._id), label, properties });
}

/** Reads a relationship; `source` answers for properties that the object does not hold exactly. */
export function decodeRelationship(
  raw: RawObject,
  tables: GraphTables,
  source?: PropertySource,
): Relationship {
  const label = raw._label as string;
  const id = raw._id as { readonly offset: number };
  return create(RelationshipSchema, {
    // One created in this transaction has no identity before the commit: the engine gives it one beyond 2^53.
    ...(Number.isSafeInteger(id.offset) ? { id: toInternalId(id) } : {}),
    label,
    source: toInternalId(raw._src),
    destination: toInternalId(raw._dst),
    properties: decodeProperties(raw, label, tables, source),
  });
}

function decodePath(raw: RawObject, tables: GraphTables): Value {
  const nodes = (raw._nodes as RawObject[]).map((node) => decodeNode(node, tables));
  const relationships = (raw._rels as RawObject[]).map((rel) => decodeRelationship(rel, tables));
  return toValue({ case: 'pathValue', value: create(PathSchema, { nodes, relationships }) });
}

/** The object has the properties of all tables that the pattern could match; the label says which are its own. */
function decodeProperties(
  raw: RawObject,
  label: string,
  tables: GraphTables,
  source: PropertySource | undefined,
): Field[] {
  const properties = tables.get(label);
  if (!properties) throw new InexactValue(`table ${label}`);
  return properties.map(({ name, type }) => {
    const given = source?.(name);
    if (given) return toField(name, given.decode(given.raw));
    if (!type || name === '__proto__' || !Object.hasOwn(raw, name))
      throw new InexactValue(`property ${name}`);
    return toField(name, plainDecoder(type, tables)(raw[name]));
  });
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
