import { type EngineType, type LeafName, leaf } from '../../../domain/values/engine-type.ts';
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

/** What the values of a leaf mean. */
export type LeafKind =
  | 'bool'
  | 'signed'
  | 'unsigned'
  | 'real'
  | 'text'
  | 'bytes'
  | 'uuid'
  | 'date'
  | 'decimal'
  | 'millis'
  | 'micros'
  | 'nanos'
  | 'int96';

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
const mapType = 1;
const listType = 3;
const depthMax = 16;
const intTypes = new Map<number, readonly [LeafName, number]>([
  [11, ['UINT8', 1]],
  [12, ['UINT16', 1]],
  [13, ['UINT32', 1]],
  [14, ['UINT64', 2]],
  [15, ['INT8', 1]],
  [16, ['INT16', 1]],
  [17, ['INT32', 1]],
  [18, ['INT64', 2]],
]);

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
  if (children.length === 0) return toLeaf(element, present, repetition, counter);
  const converted = numberOf(element.fields, 6);
  if (how !== repeated && (converted === listType || converted === mapType)) {
    const [group] = children;
    const isUsual = children.length === 1 && group && numberOf(group.fields, 3) === repeated;
    const [below, level] = [present + 1, repetition + 1];
    const inner = (isUsual ? group.children : []).map((child) => toNode(child, below, level, counter));
    const [first, second] = inner;
    if (converted === listType && first && inner.length === 1) {
      return { kind: 'list', element: first, definition: present, repetition: level };
    }
    if (converted === mapType && first && second && inner.length === 2) {
      return { kind: 'map', key: first, value: second, definition: present, repetition: level };
    }
    if (inner.length === 0) skip(element, counter);
    return { kind: 'unknown', reason: 'is a list or a map of an unusual form' };
  }
  const fields = children.map((child) => ({
    name: child.name,
    node: toNode(child, present, repetition, counter),
  }));
  if (how === repeated) return { kind: 'unknown', reason: 'is a repeated group' };
  return { kind: 'struct', fields, definition: present };
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
  if (numberOf(fields, 3) === repeated) return { kind: 'unknown', reason: 'is a bare repeated field' };
  const meaning = meaningOf(fields, physical, length);
  if (typeof meaning === 'string') return { kind: 'unknown', reason: meaning };
  const [kind, type] = meaning;
  const scale = type.kind === 'decimal' ? type.scale : 0;
  return { kind: 'leaf', leaf: { index, physical, length, definitionMax, repetitionMax, kind, scale }, type };
}

/** What the values of a leaf mean and the engine's type of them; or why they mean nothing here. */
function meaningOf(
  fields: ReadonlyMap<number, Thrift>,
  physical: number,
  length: number,
): readonly [LeafKind, EngineType] | string {
  const converted = numberOf(fields, 6);
  const logical = structOf(fields.get(10));
  const unknown = 'has a type that cannot be loaded';
  if (physical === 7 && (length < 1 || length > 1_024)) return unknown;
  if (logical.has(14)) return physical === 7 && length === 16 ? ['uuid', leaf('UUID')] : unknown;
  if (structOf(structOf(logical.get(8)).get(2)).has(3))
    return physical === 2 ? ['nanos', leaf('TIMESTAMP_NS')] : unknown;
  if (converted === 5 || logical.has(5)) {
    const named = structOf(logical.get(5));
    const scale = numberOf(fields, 7) ?? numberOf(named, 1) ?? 0;
    const precision = numberOf(fields, 8) ?? numberOf(named, 2) ?? 0;
    const isSane = precision >= 1 && precision <= 76 && scale >= 0 && scale <= precision;
    return isSane && [1, 2, 6, 7].includes(physical)
      ? ['decimal', { kind: 'decimal', precision, scale }]
      : unknown;
  }
  const integer = intTypes.get(converted ?? -1);
  if (integer) {
    const [name, wanted] = integer;
    if (wanted !== physical) return unknown;
    return [name.startsWith('U') ? 'unsigned' : 'signed', leaf(name)];
  }
  if (converted === 0 || logical.has(1)) return physical === 6 ? ['text', leaf('STRING')] : unknown;
  if (converted === 6) return physical === 1 ? ['date', leaf('DATE')] : unknown;
  if (converted === 9) return physical === 2 ? ['millis', leaf('TIMESTAMP')] : unknown;
  if (converted === 10) return physical === 2 ? ['micros', leaf('TIMESTAMP')] : unknown;
  if (converted !== undefined || logical.size > 0) return unknown;
  return plainMeanings.get(physical) ?? unknown;
}

const plainMeanings = new Map<number, readonly [LeafKind, EngineType]>([
  [0, ['bool', leaf('BOOL')]],
  [1, ['signed', leaf('INT32')]],
  [2, ['signed', leaf('INT64')]],
  [3, ['int96', leaf('TIMESTAMP_NS')]],
  [4, ['real', leaf('FLOAT')]],
  [5, ['real', leaf('DOUBLE')]],
  [6, ['bytes', leaf('BLOB')]],
  [7, ['bytes', leaf('BLOB')]],
]);

function numberOf(fields: ReadonlyMap<number, Thrift>, id: number): number | undefined {
  const field = fields.get(id);
  return field?.kind === 'i32' ? Number(field.value) : undefined;
}

function structOf(value: Thrift | undefined): ReadonlyMap<number, Thrift> {
  return value?.kind === 'struct' ? value.fields : new Map<number, Thrift>();
}
