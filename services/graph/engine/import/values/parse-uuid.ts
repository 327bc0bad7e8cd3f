/** A UUID as the engine writes it, from 32 hex digits with hyphens anywhere and, around them, braces or none. */
export function parseUuid(source: string): string | undefined {
  if (source.length > 100) return undefined;
  const inner = /^\{(.*)\}$/.exec(source)?.[1] ?? source;
  const digits = inner.replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(digits)) return undefined;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
