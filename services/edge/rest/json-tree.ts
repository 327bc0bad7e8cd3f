/** A number as it was written. */
export class JsonNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

export type JsonObject = ReadonlyMap<string, Json>;

/** Parsed JSON that kept all of its text's meaning: digits of numbers, order of members, `__proto__`. */
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;

/** True for a JSON array. */
export function isArray(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

/** What kind of JSON it is, for error messages. Not the value itself, which may be a secret. */
export function describeJson(json: Json): string {
  if (json === null) return 'null';
  if (json instanceof JsonNumber) return 'a number';
  if (json instanceof Map) return 'an object';
  if (isArray(json)) return 'an array';
  return typeof json === 'string' ? 'a string' : 'a boolean';
}

/** The same as JSON.parse would give. Numbers lose what a double cannot hold. */
export function toPlain(json: Json): unknown {
  if (json instanceof JsonNumber) return Number(json.source);
  if (json instanceof Map) {
    return Object.fromEntries([...json].map(([name, member]) => [name, toPlain(member)]));
  }
  return isArray(json) ? json.map(toPlain) : json;
}
