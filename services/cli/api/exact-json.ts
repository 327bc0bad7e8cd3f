declare global {
  /** JSON.parse source text access (ES2026), which TypeScript does not know yet. */
  interface JSON {
    parse(
      text: string,
      revive: (key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}

/**
 * Parses JSON so that JSON.stringify gives back every digit: a number that a double would change (2^63, 36.0, -0)
 * becomes an opaque object that holds its text. Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined && source !== JSON.stringify(value)
      ? JSON.rawJSON(source)
      : value,
  );
}

/** True for a number that parseExactJson read. */
export function isExactNumber(value: unknown): boolean {
  return typeof value === 'number' || JSON.isRawJSON(value);
}

/** Such a number as a double, where a double is enough. */
export function toNumber(value: unknown): number {
  return Number(JSON.stringify(value));
}
