/** A type of the graph engine, as columns name it: `INT64`, `DECIMAL(18, 3)`, `STRING[]`, `MAP(STRING, DATE)`. */
export type EngineType =
  | { readonly kind: 'plain'; readonly name: string }
  | { readonly kind: 'decimal'; readonly precision: number | undefined; readonly scale: number | undefined }
  /** Without an element type the elements are plain JSON. `length` is of an ARRAY. */
  | { readonly kind: 'list'; readonly element: EngineType | undefined; readonly length: number | undefined }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, EngineType> | undefined }
  | { readonly kind: 'map'; readonly key: EngineType | undefined; readonly value: EngineType | undefined };

/** Longer and deeper than any column's type that a tenant can make. */
const lengthMax = 10_000;
const nestingMax = 30;

const decimalPattern = /^DECIMAL\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)$/;
const fieldPattern = /^(?:`([^`]+)`|(\S+))\s+(\S.*)$/s;

/** The type of that name; undefined where the text is not the name of a type. Case matters only in field names. */
export function parseEngineType(text: string, depth = 0): EngineType | undefined {
  const trimmed = text.trim();
  if (trimmed.length > lengthMax || depth > nestingMax) return undefined;
  const array = /^(.+)\[(\d{0,9})\]$/s.exec(trimmed);
  if (array?.[1] !== undefined) {
    const element = parseEngineType(array[1], depth + 1);
    return element && { kind: 'list', element, length: array[2] ? Number(array[2]) : undefined };
  }
  const open = trimmed.indexOf('(');
  const name = (open === -1 ? trimmed : trimmed.slice(0, open)).trim().toUpperCase();
  if (open === -1) return withoutArguments(name);
  if (!trimmed.endsWith(')')) return undefined;
  const parts = splitTopLevel(trimmed.slice(open + 1, -1));
  if (name === 'DECIMAL') return parseDecimal(trimmed);
  if (name === 'MAP') return parseMap(parts, depth);
  return name === 'STRUCT' ? parseStruct(parts, depth) : undefined;
}

function withoutArguments(name: string): EngineType | undefined {
  if (name === 'LIST' || name === 'ARRAY') return { kind: 'list', element: undefined, length: undefined };
  if (name === 'STRUCT') return { kind: 'struct', fields: undefined };
  if (name === 'MAP') return { kind: 'map', key: undefined, value: undefined };
  if (name === 'DECIMAL') return { kind: 'decimal', precision: undefined, scale: undefined };
  return /^[A-Z][A-Z0-9_]*$/.test(name) ? { kind: 'plain', name } : undefined;
}

function parseDecimal(text: string): EngineType | undefined {
  const match = decimalPattern.exec(text.toUpperCase());
  const [precision, scale] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || precision < 1 || precision > 38 || scale > precision) return undefined;
  return { kind: 'decimal', precision, scale };
}

function parseMap(parts: readonly string[], depth: number): EngineType | undefined {
  const [key, value, ...more] = parts.map((part) => parseEngineType(part, depth + 1));
  return key && value && more.length === 0 ? { kind: 'map', key, value } : undefined;
}

function parseStruct(parts: readonly string[], depth: number): EngineType | undefined {
  const fields = new Map<string, EngineType>();
  for (const part of parts) {
    const [, quoted, plain, typeText = ''] = fieldPattern.exec(part.trim()) ?? [];
    const name = quoted ?? plain;
    const type = parseEngineType(typeText, depth + 1);
    if (name === undefined || !type || fields.has(name)) return undefined;
    fields.set(name, type);
  }
  return { kind: 'struct', fields };
}

function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}
