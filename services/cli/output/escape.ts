// C0 and C1 controls, DEL, line and paragraph separators, and marks that change the direction: what could move the
// cursor, or make a text look like another.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const unsafePattern = /[\u0000-\u001f\u007f-\u009f\u061c\u2028-\u202e\u2066-\u2069]/g;

const shortForms: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text that does nothing to a terminal: each control character as `\n`, `\t` or `\u001b`. */
export function escapeControls(text: string): string {
  return text.replace(unsafePattern, (character) => shortForms[character] ?? toUnicodeEscape(character));
}

/** JSON text that does nothing to a terminal and means the same. */
export function escapeJsonControls(json: string): string {
  return json.replace(unsafePattern, (character) =>
    // White space between the values: within strings JSON escapes it itself.
    character === '\n' ? character : toUnicodeEscape(character),
  );
}

function toUnicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
