import { type EngineType, isPlainName } from './engine-type.ts';

const wideIntegers: ReadonlySet<string> = new Set(['INT64', 'SERIAL', 'UINT64', 'INT128']);
const lossyLeaves: ReadonlySet<string> = new Set(['TIMESTAMP', 'TIMESTAMP_NS', 'TIMESTAMP_TZ', 'INTERVAL']);
const rangedLeaves: ReadonlySet<string> = new Set(['DATE', 'TIMESTAMP_SEC', 'TIMESTAMP_MS']);
const graphLeaves: ReadonlySet<string> = new Set(['NODE', 'REL', 'RECURSIVE_REL']);

/** True where the binding's plain form of any value of the type may have lost a part, unseen. */
export function losesByType(type: EngineType): boolean {
  return some(type, (part) => {
    if (part.kind === 'leaf') return lossyLeaves.has(part.name);
    if (part.kind === 'decimal') return part.precision > 15;
    // Keys of objects come back reordered, as text, and `__proto__` not at all.
    if (part.kind === 'struct') return part.fields.some(({ name }) => name === '__proto__');
    return part.kind === 'map' || part.kind === 'union';
  });
}

/** True where some values of the type do not survive the binding's plain form. */
export function mayLose(type: EngineType): boolean {
  if (losesByType(type)) return true;
  return some(
    type,
    (part) =>
      part.kind === 'decimal' ||
      (part.kind === 'leaf' && (wideIntegers.has(part.name) || rangedLeaves.has(part.name))),
  );
}

/** True where nodes, relationships or paths are within. */
export function holdsGraph(type: EngineType): boolean {
  return some(type, (part) => part.kind === 'leaf' && graphLeaves.has(part.name));
}

/**
 * True where one cast to a type with text leaves makes every value of the type exact. A cast of a list of decimals
 * ends the engine's process (tried on 0.11.3), so decimals are cast one by one.
 */
export function isCastable(type: EngineType): boolean {
  return !some(type, (part) => {
    if (part.kind === 'decimal') return part !== type;
    if (part.kind === 'struct') return !part.fields.every(({ name }) => isPlainName(name));
    return part.kind === 'map' || part.kind === 'union' || holdsGraphLeaf(part);
  });
}

/** True where structs, unions or arrays are within. */
export function holdsParts(type: EngineType): boolean {
  return some(type, ({ kind }) => kind === 'struct' || kind === 'union' || kind === 'array');
}

/** The type with text in place of every leaf that may lose. */
export function toTextLeaves(type: EngineType): EngineType {
  switch (type.kind) {
    case 'leaf':
    case 'decimal':
      return mayLose(type) ? { kind: 'leaf', name: 'STRING' } : type;
    case 'list':
    case 'array':
      return { ...type, element: toTextLeaves(type.element) };
    case 'struct':
    case 'union':
      return { ...type, fields: type.fields.map((field) => ({ ...field, type: toTextLeaves(field.type) })) };
    case 'map':
      return { kind: 'map', key: toTextLeaves(type.key), value: toTextLeaves(type.value) };
  }
}

function holdsGraphLeaf(type: EngineType): boolean {
  return type.kind === 'leaf' && graphLeaves.has(type.name);
}

function some(type: EngineType, test: (part: EngineType) => boolean): boolean {
  if (test(type)) return true;
  switch (type.kind) {
    case 'list':
    case 'array':
      return some(type.element, test);
    case 'struct':
    case 'union':
      return type.fields.some((field) => some(field.type, test));
    case 'map':
      return some(type.key, test) || some(type.value, test);
    default:
      return false;
  }
}
