import { create } from '@bufbuild/protobuf';
import {
  type Field,
  type Node,
  NodeSchema,
  PathSchema,
  type Relationship,
  RelationshipSchema,
  type Value,
} from '../../../../../gen/trellis/graph/v1/value_pb.js';
import type { LeafName } from '../engine-type.ts';
import type { GraphTables } from '../graph-tables.ts';
import { isMissing, ownProperties, toRelationshipId } from '../plain-decoder.ts';
import { InexactValue, nullValue, toField, toInternalId, toValue } from '../value.ts';
import type { TextReader } from './read-value.ts';
import type { TextCursor } from './text-cursor.ts';

type RawObject = Readonly<Record<string, unknown>>;

const id = /\d+:\d+/y;

/** Reads a node, a relationship or a path; undefined where the type is another. */
export function readGraph(
  name: LeafName,
  raw: unknown,
  cursor: TextCursor,
  read: TextReader,
  tables: GraphTables,
): Value | undefined {
  if (name !== 'NODE' && name !== 'REL' && name !== 'RECURSIVE_REL') return undefined;
  if (typeof raw !== 'object') throw new InexactValue(name);
  const object = raw as RawObject;
  if (name === 'RECURSIVE_REL') return readPath(object, cursor, read, tables);
  if (isMissing(object)) return nullValue();
  return name === 'NODE'
    ? toValue({ case: 'nodeValue', value: readNode(object, cursor, read, tables) })
    : toValue({ case: 'relationshipValue', value: readRelationship(object, cursor, read, tables) });
}

function readPath(raw: RawObject, cursor: TextCursor, read: TextReader, tables: GraphTables): Value {
  cursor.expect('{_NODES: [');
  const nodes = (raw._nodes as (RawObject | null)[]).map((node, index) => {
    if (index > 0) cursor.expect(',');
    return isMissing(node) ? create(NodeSchema) : readNode(node, cursor, read, tables);
  });
  cursor.expect('], _RELS: [');
  const relationships = (raw._rels as (RawObject | null)[]).map((each, index) => {
    if (index > 0) cursor.expect(',');
    return isMissing(each) ? create(RelationshipSchema) : readRelationship(each, cursor, read, tables);
  });
  cursor.expect(']}');
  return toValue({ case: 'pathValue', value: create(PathSchema, { nodes, relationships }) });
}

function readNode(raw: RawObject, cursor: TextCursor, read: TextReader, tables: GraphTables): Node {
  const label = raw._label as string;
  cursor.expect('{_ID: ');
  cursor.match(id);
  cursor.expect(`, _LABEL: ${label}`);
  const properties = readProperties(raw, label, cursor, read, tables);
  return create(NodeSchema, { id: toInternalId(raw._id), label, properties });
}

function readRelationship(
  raw: RawObject,
  cursor: TextCursor,
  read: TextReader,
  tables: GraphTables,
): Relationship {
  const label = raw._label as string;
  cursor.expect('{_SRC: ');
  cursor.match(id);
  cursor.expect(', _DST: ');
  cursor.match(id);
  cursor.expect(`, _LABEL: ${label}, _ID: `);
  cursor.match(id);
  return create(RelationshipSchema, {
    ...toRelationshipId(raw),
    label,
    source: toInternalId(raw._src),
    destination: toInternalId(raw._dst),
    properties: readProperties(raw, label, cursor, read, tables),
  });
}

/** NULLs are left out of the text; the properties of other tables are all NULL. */
function readProperties(
  raw: RawObject,
  label: string,
  cursor: TextCursor,
  read: TextReader,
  tables: GraphTables,
): Field[] {
  const names = ownProperties(raw, label, tables);
  const types = new Map(names.map(({ name, type }) => [name, type]));
  const values = new Map<string, Value>();
  while (!cursor.accept('}')) {
    cursor.expect(', ');
    const [name, ...others] = names
      .map((property) => property.name)
      .filter((each) => !values.has(each) && cursor.sees(`${each}: `));
    const type = name === undefined ? undefined : types.get(name);
    if (name === undefined || !type || others.length > 0) throw new InexactValue(`table ${label}`);
    cursor.expect(`${name}: `);
    values.set(name, read(type, raw[name], cursor));
  }
  return names.map(({ name }) => {
    const value = values.get(name);
    if (!value && raw[name] !== null) throw new InexactValue(`property ${name}`);
    return toField(name, value ?? nullValue());
  });
}
