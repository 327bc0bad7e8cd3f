import type { LeafColumn } from '../parquet/leaf-column.ts';
import { type LeafType, storeText } from '../values/store-leaf.ts';

/** Puts the value that a text of CSV writes into its column; answers with what is wrong where it writes none. */
export function storeField(column: LeafColumn, type: LeafType, text: string): string | undefined {
  const isBlob = type.kind === 'leaf' && type.name === 'BLOB';
  return isBlob ? storeBlob(column, Buffer.from(text)) : storeText(column, type, text);
}

const backslash = 0x5c;

/** Puts a BLOB: ASCII stands for itself, anything else for a byte: `\xAA`. */
export function storeBlob({ values }: LeafColumn, text: Buffer): string | undefined {
  const content = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    let byte = text[at] as number;
    if (byte === backslash) {
      const escaped = text.toString('latin1', at + 1, at + 4);
      if (!/^x[0-9a-f]{2}$/i.test(escaped)) return notBlob;
      byte = Number.parseInt(escaped.slice(1), 16);
      at += 3;
    } else if (byte > 0x7e || (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13)) return notBlob;
    content[length] = byte;
    length += 1;
  }
  values.sized(content, 0, length);
  return undefined;
}

const notBlob = 'is no BLOB: bytes that are not ASCII, and the backslash, are written as \\xAA';
