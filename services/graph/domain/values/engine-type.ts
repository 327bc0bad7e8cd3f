import { RESERVED_KEYWORDS, upperAscii } from '../cypher/keywords.ts';

const leafNames = [
  ...['BOOL', 'INT8', 'INT16', 'INT32', 'INT64', 'SERIAL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT128'],
  ...['FLOAT', 'DOUBLE', 'STRING', 'BLOB', 'UUID', 'DATE', 'INTERVAL', 'INTERNAL_ID'],
  ...['TIMESTAMP', 'TIMESTAMP_SEC', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'TIMESTAMP_TZ'],
  ...['NODE', 'REL', 'RECURSIVE_REL', 'ANY'],
] as const;

/** A type without parts. */
export type LeafName = (typeof leafNames)[number];

/** A field of a STRUCT or UNION. */
export interface TypeField {
  readonly name: string;
  readonly type: EngineType;
}

/** A type of the engine. */
export type EngineType =
  | { readonly kind: 'leaf'; readonly name: LeafName }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'list'; readonly element: EngineType }
  | { readonly kind: 'array'; readonly element: EngineType; readonly size: number }
  | { readonly kind: 'struct'; readonly fields: readonly TypeField[] }
  | { readonly kind: 'union'; readonly fields: readonly TypeField[] }
  | { readonly kind: 'map'; readonly key: EngineType; readonly value: EngineType };

const leaves: ReadonlySet<string> = new Set(leafNames);

/** The leaf type of a name. */
export function leaf(name: LeafName): EngineType {
  return { kind: 'leaf', name };
}

/**
 * Reads a type as the engine writes it, such as `STRUCT(a INT64, b TIMESTAMP[])[3]`. Undefined where the text is
 * no type or, because the engine does not quote field names, could be several.
 */
export function parseEngineType(text: string): EngineType | undefined {
  const suffix = /^(.*)\[(\d*)\]$/s.exec(text);
  if (suffix) {
    const element = parseEngineType(suffix[1] ?? '');
    if (!element) return undefined;
    return suffix[2] ? { kind: 'array', element, size: Number(suffix[2]) } : { kind: 'list', element };
  }
  if (leaves.has(text)) return leaf(text as LeafName);
  const call = /^(DECIMAL|STRUCT|UNION|MAP)\((.*)\)$/s.exec(text);
  if (!call) return undefined;
  const [, name, inner = ''] = call;
  const parts = splitTopLevel(inner);
  if (!parts) return undefined;
  if (name === 'DECIMAL') return toDecimal(parts);
  if (name === 'MAP') return toMap(parts);
  const fields = parts.map(toField);
  if (!fields.every((field) => field !== undefined)) return undefined;
  return { kind: name === 'STRUCT' ? 'struct' : 'union', fields };
}

/** How many types are within one another: 1 for a leaf. */
export function depthOf(type: EngineType): number {
  switch (type.kind) {
    case 'leaf':
    case 'decimal':
      return 1;
    case 'list':
    case 'array':
      return 1 + depthOf(type.element);
    case 'map':
      return 1 + Math.max(depthOf(type.key), depthOf(type.value));
    default:
      return 1 + Math.max(...type.fields.map((field) => depthOf(field.type)));
  }
}

/** Writes a type as the engine reads it in a cast; undefined where it cannot spell a field's name there. */
export function toTypeText(type: EngineType): string | undefined {
  switch (type.kind) {
    case 'leaf':
      return type.name;
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'list':
    case 'array': {
      const element = toTypeText(type.element);
      return element && `${element}[${type.kind === 'array' ? type.size : ''}]`;
    }
    case 'map': {
      const [key, value] = [toTypeText(type.key), toTypeText(type.value)];
      return key && value && `MAP(${key}, ${value})`;
    }
    default: {
      const fields = type.fields.map(({ name, type: inner }) => {
        const written = toTypeText(inner);
        return isPlainName(name) && written ? `${name} ${written}` : undefined;
      });
      if (!fields.every((field) => field !== undefined)) return undefined;
      return `${type.kind === 'struct' ? 'STRUCT' : 'UNION'}(${fields.join(', ')})`;
    }
  }
}

/** True for names that mean the same in every place of the language, and are safe as keys of an object. */
export function isPlainName(name: string): boolean {
  if (name === '__proto__' || RESERVED_KEYWORDS.has(upperAscii(name))) return false;
  return /^[A-Za-z_][A-Za-z_0-9]*$/.test(name);
}

function toDecimal(parts: readonly string[]): EngineType | undefined {
  const [precision, scale] = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  if (parts.length !== 2 || !Number.isInteger(precision) || !Number.isInteger(scale)) return undefined;
  return { kind: 'decimal', precision: precision ?? 0, scale: scale ?? 0 };
}

function toMap(parts: readonly string[]): EngineType | undefined {
  const [key, value] = parts.map(parseEngineType);
  return parts.length === 2 && key && value ? { kind: 'map', key, value } : undefined;
}

/** A field is written `name TYPE`; the name may hold spaces, the type has none outside its parentheses. */
function toField(text: string): TypeField | undefined {
  let depth = 0;
  for (let at = text.length - 1; at > 0; at -= 1) {
    const character = text[at];
    if (character === ')') depth += 1;
    if (character === '(') depth -= 1;
    if (character === ' ' && depth === 0) {
      const type = parseEngineType(text.slice(at + 1));
      return type && { name: text.slice(0, at), type };
    }
  }
  return undefined;
}

function splitTopLevel(text: string): string[] | undefined {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) return undefined;
    if (depth === 0 && text.startsWith(', ', at)) {
      parts.push(text.slice(start, at));
      start = at + 2;
    }
  }
  if (depth !== 0) return undefined;
  parts.push(text.slice(start));
  return parts;
}
