import { type EngineType, toTypeText } from '../../../domain/values/engine-type.ts';
import type { ImportTarget } from '../import-target.ts';
import type { FileField, FileNode } from './file-schema.ts';

/** A column of the file, or one that it lacks, with what is wrong. */
export interface ColumnMismatch {
  readonly column: string;
  readonly reason: string;
}

/** The columns of a file in the order of the table. */
export type ColumnMatch =
  | { readonly nodes: readonly FileNode[] }
  | { readonly mismatches: readonly ColumnMismatch[] };

/** Finds for every column of the table the one of the file that has its name and a type that can be its. */
export function matchColumns({ columns }: ImportTarget, file: readonly FileField[]): ColumnMatch {
  const mismatches: ColumnMismatch[] = [];
  const wanted = new Set(columns.map(({ name }) => name));
  const seen = new Set<string>();
  for (const { name } of file) {
    if (seen.has(name)) mismatches.push({ column: name, reason: 'stands twice in the file' });
    else if (!wanted.has(name)) mismatches.push({ column: name, reason: 'is no property of the table' });
    seen.add(name);
  }
  const nodes = columns.flatMap(({ name, type }) => {
    const node = file.find((column) => column.name === name)?.node;
    const problem = node ? problemOf(node, type) : 'is missing in the file';
    if (problem !== undefined) mismatches.push({ column: name, reason: problem });
    return node ? [node] : [];
  });
  return mismatches.length > 0 ? { mismatches } : { nodes };
}

function problemOf(node: FileNode, type: EngineType): string | undefined {
  switch (node.kind) {
    case 'unknown':
      return node.reason;
    case 'list':
      if (type.kind !== 'list' && type.kind !== 'array')
        return `is a list in the file and ${textOf(type)} in the table`;
      return problemOf(node.element, type.element);
    case 'map':
      if (type.kind !== 'map') return `is a map in the file and ${textOf(type)} in the table`;
      return problemOf(node.key, type.key) ?? problemOf(node.value, type.value);
    case 'struct': {
      if (type.kind !== 'struct') return `is a struct in the file and ${textOf(type)} in the table`;
      for (const { name, node: inner } of node.fields) {
        const field = type.fields.find((candidate) => candidate.name === name);
        if (!field) return `has a field ${JSON.stringify(name)} that the type has not`;
        const problem = problemOf(inner, field.type);
        if (problem !== undefined) return problem;
      }
      return undefined;
    }
    case 'leaf':
      return canBecome(node.type, type)
        ? undefined
        : `is ${textOf(node.type)} in the file and ${textOf(type)} in the table`;
  }
}

const integer = /^U?INT(\d+)$/;

/** True where every value of a type that fits the other at all is the same there; each is still checked. */
function canBecome(from: EngineType, to: EngineType): boolean {
  if (from.kind === 'decimal') return to.kind === 'decimal';
  if (from.kind !== 'leaf') return false;
  if (from.name === 'ANY') return true;
  // A text is read like one of CSV.
  if (from.name === 'STRING') return to.kind === 'decimal' || (to.kind === 'leaf' && !textless.has(to.name));
  if (to.kind === 'decimal') return integer.test(from.name);
  if (to.kind !== 'leaf') return false;
  if (from.name === to.name) return true;
  const bits = Number(integer.exec(from.name)?.[1] ?? Number.NaN);
  if (integer.test(to.name)) return !Number.isNaN(bits);
  if (to.name === 'DOUBLE') return from.name === 'FLOAT' || bits <= 32;
  return from.name.startsWith('TIMESTAMP') && to.name.startsWith('TIMESTAMP');
}

const textless: ReadonlySet<string> = new Set(['BOOL', 'BLOB', 'FLOAT', 'DOUBLE']);

function textOf(type: EngineType): string {
  return toTypeText(type) ?? 'of another type';
}
