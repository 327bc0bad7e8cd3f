import type { FileHandle } from 'node:fs/promises';
import { codecs } from './decompress.ts';
import { type FileField, toFileSchema } from './file-schema.ts';
import type { LeafChunk } from './leaf-cursor.ts';
import { ParquetInvalid } from './parquet-invalid.ts';
import { decodeThriftAt, listAt, numberAt, optionalAt, type Thrift } from './thrift-compact.ts';

/** What a Parquet file says of itself. */
export interface ParquetFooter {
  readonly columns: readonly FileField[];
  readonly rows: number;
  readonly groups: readonly RowGroup[];
}

/** Some of the rows, with the place of each leaf. */
export interface RowGroup {
  readonly rows: number;
  readonly chunks: readonly LeafChunk[];
}

const magic = 'PAR1';
const tailBytes = 8;
const footerBytesMax = 16 * 2 ** 20;
const columnsMax = 2_000;

/** Reads the footer of a Parquet file, and checks that what it points to is in the file. Throws ParquetInvalid. */
export async function readFooter(file: FileHandle): Promise<ParquetFooter> {
  const { size } = await file.stat();
  if (size < magic.length + tailBytes) throw new ParquetInvalid('it is too short');
  const head = await readAt(file, 0, magic.length);
  const tail = await readAt(file, size - tailBytes, tailBytes);
  if (head.toString('latin1') !== magic || tail.toString('latin1', 4) !== magic) {
    throw new ParquetInvalid('it does not begin and end with PAR1');
  }
  const length = tail.readUInt32LE(0);
  const start = size - tailBytes - length;
  if (length > footerBytesMax || start < magic.length) throw new ParquetInvalid('its footer is too long');
  return toFooter(decodeThriftAt(await readAt(file, start, length)).value, start);
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
}

function toFooter(metadata: Thrift, dataEnd: number): ParquetFooter {
  const elements = listAt(metadata, 2);
  if (elements.length < 2 || elements.length > columnsMax) {
    throw new ParquetInvalid('it has no columns, or too many');
  }
  const { columns, leaves } = toFileSchema(elements);
  const rows = numberAt(metadata, 3);
  const groups = listAt(metadata, 4).map((group) => {
    const groupRows = numberAt(group, 3);
    const chunks = listAt(group, 1);
    if (chunks.length !== leaves) throw new ParquetInvalid('a row group has other columns than the schema');
    // The columns of a group without rows may be nowhere.
    return { rows: groupRows, chunks: groupRows === 0 ? [] : chunks.map((chunk) => toChunk(chunk, dataEnd)) };
  });
  if (groups.reduce((sum, group) => sum + group.rows, 0) !== rows) {
    throw new ParquetInvalid('its row groups have other rows than it says');
  }
  return { columns, rows, groups };
}

function toChunk(chunk: Thrift, dataEnd: number): LeafChunk {
  if (optionalAt(chunk, 1)) throw new ParquetInvalid('it has columns in other files');
  const metadata = optionalAt(chunk, 3);
  if (!metadata || optionalAt(chunk, 8)) throw new ParquetInvalid('a column is encrypted');
  const codec = numberAt(metadata, 4);
  if (!codecs.has(codec)) throw new ParquetInvalid('a column is compressed in an unknown way');
  const data = numberAt(metadata, 9);
  const dictionary = optionalAt(metadata, 11) ? numberAt(metadata, 11) : 0;
  // Some writers say 0 where there is no dictionary.
  const start = dictionary > 0 ? Math.min(dictionary, data) : data;
  const end = start + numberAt(metadata, 7);
  if (start < magic.length || end > dataEnd) throw new ParquetInvalid('a column is outside of the file');
  return { start, end, codec };
}
