/** What RFC 7541 (4.1) and RFC 9113 (6.5.2) count for a field beside its name and value. */
export const fieldOverheadBytes = 32;

/** A field of a table. One class for all of them keeps the decoder's loop on one shape of object. */
export class DecodedField {
  readonly name: string;
  readonly value: string;
  /** What it counts in a table and in a list. */
  readonly bytes: number;
  /** Decided once, when the field enters the table, not at each reference to it. */
  readonly isValid: boolean;

  constructor(name: string, value: string, isValid: boolean) {
    this.name = name;
    this.value = value;
    this.bytes = name.length + value.length + fieldOverheadBytes;
    this.isValid = isValid;
  }
}

const tokenCharacters = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
const isNameCharacter = Uint8Array.from({ length: 256 }, (_, code) =>
  Number(tokenCharacters.includes(String.fromCharCode(code))),
);
// Visible ASCII, space, tab and the upper half.
const isValueCharacter = Uint8Array.from({ length: 256 }, (_, code) =>
  Number(code === 0x09 || (code >= 0x20 && code !== 0x7f)),
);
const colon = 0x3a;

/**
 * True where RFC 9113 (8.2.1) lets a field be sent: a name of lower-case token characters, with a colon before it where
 * it is a pseudo-header field; a value without control characters and without a space or tab at its ends. Anything else
 * makes a message malformed: passed on in HTTP/1.1, a line break would be a field of its own. nghttp2 refuses the same.
 */
export function isValidField(name: string, value: string): boolean {
  return isValidName(name) && isValidValue(value, 0, value.length);
}

/** Whether the name of a field may be sent: see isValidField. */
export function isValidName(name: string): boolean {
  let at = name.charCodeAt(0) === colon ? 1 : 0;
  if (at === name.length) return false;
  for (; at < name.length; at++) {
    if (isNameCharacter[name.charCodeAt(at)] !== 1) return false;
  }
  return true;
}

/** Whether the value of a field may be sent: see isValidField. It is the part of the text from `start` to `end`. */
export function isValidValue(text: string, start: number, end: number): boolean {
  if (start === end) return true;
  for (let at = start; at < end; at++) {
    if (isValueCharacter[text.charCodeAt(at)] !== 1) return false;
  }
  return !isBlank(text.charCodeAt(start)) && !isBlank(text.charCodeAt(end - 1));
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
