import { encodeText, partTags } from './encode-value.ts';
import { WireWriter } from './wire-writer.ts';

const columnsBytesMax = 2 ** 22;

/** Columns as the field `columns` of the messages that carry them; it is field 1 of each of them. */
export function encodeColumns(
  columns: readonly { readonly name: string; readonly type: string }[],
): Uint8Array {
  const writer = new WireWriter(columnsBytesMax);
  for (const { name, type } of columns) {
    const start = writer.open(partTags.first);
    encodeText(writer, partTags.first, name);
    encodeText(writer, partTags.second, type);
    writer.close(start);
  }
  return writer.copy(0, writer.length);
}
