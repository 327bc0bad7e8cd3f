import type { EngineType } from './engine-type.ts';

type RawObject = Readonly<Record<string, unknown>>;

/**
 * The labels in the nodes and relationships of each place of a result; lists and paths are no such places. Places
 * have different tables, and asking a node for the property of another's table is an error.
 */
export type LabelsByPlace = ReadonlyMap<string, ReadonlySet<string>>;

/** The place of a struct's field within another. */
export function placeWithin(place: string, part: string): string {
  return `${place}/${part}`;
}

/** Adds the labels of a value, as the binding gave it, to those of its place. */
export function collectLabels(
  type: EngineType,
  raw: unknown,
  place: string,
  labels: Map<string, Set<string>>,
): void {
  if (raw === null || raw === undefined) return;
  switch (type.kind) {
    case 'leaf':
      if (type.name === 'NODE' || type.name === 'REL') addLabel(raw, place, labels);
      return;
    case 'struct':
      for (const [index, field] of type.fields.entries()) {
        collectLabels(field.type, (raw as RawObject)[field.name], placeWithin(place, String(index)), labels);
      }
      return;
    default:
      return;
  }
}

function addLabel(raw: unknown, place: string, labels: Map<string, Set<string>>): void {
  const label = (raw as RawObject | null)?._label;
  if (typeof label !== 'string') return;
  const known = labels.get(place);
  if (known) known.add(label);
  else labels.set(place, new Set([label]));
}
