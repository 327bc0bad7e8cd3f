import type { EngineType } from '../../../domain/values/engine-type.ts';
import { type LeafKind, meaningOf } from './leaf-meaning.ts';
import { numberOf, structOf } from './schema-fields.ts';
import { type Thrift, ThriftInvalid } from './thrift-compact.ts';

/** A leaf of the schema of a file. */
export interface FileLeaf {
  /** Its place among the columns of a row group. */
  readonly index: number;
  readonly physical: number;
  /** Bytes of a value of fixed length. */
  readonly length: number;
  readonly definitionMax: number;
  readonly repetitionMax: number;
  readonly kind: LeafKind;
  readonly scale: number;
}

/** A part of the schema of a file. `definition` is how deep a place is defined where the part is there. */
export type FileNode =
  | { readonly kind: 'leaf'; readonly leaf: FileLeaf; readonly type: EngineType }
  | { readonly kind: 'struct'; readonly fields: readonly FileField[]; readonly definition: number }
  | {
      readonly kind: 'list';
      readonly element: FileNode;
      readonly definition: number;
      readonly repetition: number;
    }
  | {
      readonly kind: 'map';
      readonly key: FileNode;
      readonly value: FileNode;
      readonly definition: number;
      readonly repetition: number;
    }
  | { readonly kind: 'unknown'; readonly reason: string };

/** A part of the schema with its name. */
export interface FileField {
  readonly name: string;
  readonly node: FileNode;
}

interface Element {
  readonly fields: ReadonlyMap<number, Thrift>;
  readonly name: string;
  readonly children: Element[];
}

const [required, repeated] = [0, 2];
const mapTypes: ReadonlySet<number> = new Set([1, 2]);
const listType = 3;
const [logicalMap, logicalList] = [2, 3];
const depthMax = 16;

/** The columns of a file, and the number of its leaves. Throws ThriftInvalid. */
export function toFileSchema(elements: readonly Thrift[]): { columns: FileField[]; leaves: number } {
  const rest = elements.map((element) =>
    element.kind === 'struct' ? element.fields : new Map<number, Thrift>(),
  );
  let at = 0;
  const take = (depth: number): Element => {
    const fields = rest[at];
    at += 1;
    const name = fields?.get(4);
    if (!fields || depth > depthMax || name?.kind !== 'binary')
      throw new ThriftInvalid('the schema is no tree');
    const count = numberOf(fields, 5) ?? 0;
    const children: Element[] = [];
    for (let index = 0; index < count; index += 1) children.push(take(depth + 1));
    return { fields, name: name.value.toString(), children };
  };
  const root = take(0);
  if (at !== rest.length) throw new ThriftInvalid('the schema is no tree');
  const counter = { leaves: 0 };
  const columns = root.children.map((child) => ({ name: child.name, node: toNode(child, 0, 0, counter) }));
  return { columns, leaves: counter.leaves };
}

function toNode(
  element: Element,
  definition: number,
  repetition: number,
  counter: { leaves: number },
): FileNode {
  const how = numberOf(element.fields, 3) ?? required;
  const present = definition + (how === required ? 0 : 1);
  const { children } = element;
  if (children.length === 0) {
    const made = toLeaf(element, present, repetition, counter);
    return how === repeated ? { kind: 'unknown', reason: 'is a bare repeated field' } : made;
  }
  if (how !== repeated && isListOrMap(element)) return toRepeated(element, present, repetition + 1, counter);
  const fields = children.map((child) => ({
    name: child.name,
    node: toNode(child, present, repetition, counter),
  }));
  if (how === repeated) return { kind: 'unknown', reason: 'is a repeated group' };
  return { kind: 'struct', fields, definition: present };
}

/** What a group is that says to be a list or a map; `level` is how many lists are around its elements. */
function toRepeated(
  element: Element,
  definition: number,
  level: number,
  counter: { leaves: number },
): FileNode {
  const [group] = element.children;
  const below = definition + 1;
  if (element.children.length !== 1 || !group || numberOf(group.fields, 3) !== repeated) {
    skip(element, counter);
    return { kind: 'unknown', reason: 'is a list or a map of an unusual form' };
  }
  const asList = (inner: FileNode): FileNode => ({
    kind: 'list',
    element: inner,
    definition,
    repetition: level,
  });
  // As older writers have it: what is repeated is the element itself.
  if (isList(element) && group.children.length === 0) return asList(toLeaf(group, below, level, counter));
  const fields = group.children.map((child) => ({
    name: child.name,
    node: toNode(child, below, level, counter),
  }));
  const [first, second] = fields;
  if (isList(element)) {
    const isElement = fields.length > 1 || group.name === 'array' || group.name === `${element.name}_tuple`;
    if (isElement || !first) return asList({ kind: 'struct', fields, definition: below });
    return asList(first.node);
  }
  if (!first || !second || fields.length > 2) {
    return { kind: 'unknown', reason: 'is a map of an unusual form' };
  }
  return { kind: 'map', key: first.node, value: second.node, definition, repetition: level };
}

function isList({ fields }: Element): boolean {
  return numberOf(fields, 6) === listType || structOf(fields.get(10)).has(logicalList);
}

function isListOrMap(element: Element): boolean {
  const converted = numberOf(element.fields, 6) ?? -1;
  return isList(element) || mapTypes.has(converted) || structOf(element.fields.get(10)).has(logicalMap);
}

function skip({ children }: Element, counter: { leaves: number }): void {
  if (children.length === 0) counter.leaves += 1;
  for (const child of children) skip(child, counter);
}

function toLeaf(
  { fields }: Element,
  definitionMax: number,
  repetitionMax: number,
  counter: { leaves: number },
): FileNode {
  const index = counter.leaves;
  counter.leaves += 1;
  const physical = numberOf(fields, 1) ?? -1;
  const length = numberOf(fields, 2) ?? 0;
  const meaning = meaningOf(fields, physical, length);
  if (typeof meaning === 'string') return { kind: 'unknown', reason: meaning };
  const [kind, type] = meaning;
  const scale = type.kind === 'decimal' ? type.scale : 0;
  return { kind: 'leaf', leaf: { index, physical, length, definitionMax, repetitionMax, kind, scale }, type };
}
