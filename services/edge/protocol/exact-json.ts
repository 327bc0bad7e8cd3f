import type { JsonValue } from '@bufbuild/protobuf';

// Not in the compiler's library yet.
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** JSON in which -0 stays what it is, for which JSON.stringify writes 0. */
export function toExactJson(json: JsonValue): string {
  return JSON.stringify(json, (_, value) => (Object.is(value, -0) ? rawJSON('-0') : value));
}
