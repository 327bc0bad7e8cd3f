/** Writes a text as a literal of the engine's language. */
export function toStringLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
