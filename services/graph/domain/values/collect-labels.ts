import type { EngineType } from './engine-type.ts';

type RawObject = Readonly<Record<string, unknown>>;

/** Adds the labels of all nodes and relationships within a value, as the binding gave it, to `labels`. */
export function collectLabels(type: EngineType, raw: unknown, labels: Set<string>): void {
  if (raw === null || raw === undefined) return;
  switch (type.kind) {
    case 'leaf':
      if (type.name === 'NODE' || type.name === 'REL') addLabel(raw, labels);
      if (type.name === 'RECURSIVE_REL') {
        for (const node of (raw as RawObject)._nodes as unknown[]) addLabel(node, labels);
        for (const rel of (raw as RawObject)._rels as unknown[]) addLabel(rel, labels);
      }
      return;
    case 'list':
    case 'array':
      for (const element of raw as unknown[]) collectLabels(type.element, element, labels);
      return;
    case 'struct':
      for (const field of type.fields) collectLabels(field.type, (raw as RawObject)[field.name], labels);
      return;
    default:
      return;
  }
}

function addLabel(raw: unknown, labels: Set<string>): void {
  const label = (raw as RawObject)?._label;
  if (typeof label === 'string') labels.add(label);
}
