import type { Json } from '../json/parse-json-line.ts';
import type { FileLeaf, FileNode } from './file-schema.ts';
import type { LeafCursor } from './leaf-cursor.ts';
import { ParquetInvalid } from './parquet-invalid.ts';

/** Puts the next value of a column together from its leaves. */
export type Assemble = () => Json;

/** Elements of the lists and maps of one value: a run of levels makes any number of them from a few bytes. */
const elementsMax = 1_000_000;

/** The function that puts the values of a part of the schema together. Throws ParquetInvalid. */
export function createAssemble(node: FileNode, cursorOf: (leaf: FileLeaf) => LeafCursor): Assemble {
  switch (node.kind) {
    case 'leaf': {
      const cursor = cursorOf(node.leaf);
      return () => cursor.take();
    }
    case 'struct': {
      const fields = node.fields.map(
        ({ name, node: inner }) => [name, createAssemble(inner, cursorOf)] as const,
      );
      const leaves = leavesOf(node).map(cursorOf);
      return () => {
        if (isMissing(leaves, node.definition)) return null;
        return new Map(fields.map(([name, assemble]) => [name, assemble()]));
      };
    }
    case 'list': {
      const element = createAssemble(node.element, cursorOf);
      return createRepeated(node, leavesOf(node).map(cursorOf), element);
    }
    case 'map': {
      const [key, value] = [createAssemble(node.key, cursorOf), createAssemble(node.value, cursorOf)];
      return createRepeated(node, leavesOf(node).map(cursorOf), () => [key(), value()]);
    }
    case 'unknown':
      throw new ParquetInvalid(`a column ${node.reason}`);
  }
}

function createRepeated(
  { definition, repetition }: { readonly definition: number; readonly repetition: number },
  leaves: readonly LeafCursor[],
  element: Assemble,
): Assemble {
  const [first] = leaves;
  return () => {
    if (isMissing(leaves, definition)) return null;
    if (isMissing(leaves, definition + 1)) return [];
    const elements: Json[] = [];
    do {
      elements.push(element());
      if (elements.length > elementsMax) throw new ParquetInvalid('a list is too long');
    } while (first?.repetition === repetition);
    return elements;
  };
}

/** True, and the place is passed, where it is not defined so deep. */
function isMissing(leaves: readonly LeafCursor[], definition: number): boolean {
  const [first] = leaves;
  if (!first || first.definition >= definition) return false;
  for (const leaf of leaves) leaf.take();
  return true;
}

function leavesOf(node: FileNode): FileLeaf[] {
  switch (node.kind) {
    case 'leaf':
      return [node.leaf];
    case 'struct':
      return node.fields.flatMap((field) => leavesOf(field.node));
    case 'list':
      return leavesOf(node.element);
    case 'map':
      return [...leavesOf(node.key), ...leavesOf(node.value)];
    case 'unknown':
      return [];
  }
}
