import { DynamicTable, tableBytesDefault } from './dynamic-table.ts';
import { EncoderName, isKnownName } from './encoder-names.ts';
import { DecodedField, fieldOverheadBytes } from './field.ts';
import { integerBytesMax, writeInteger, writeString } from './literal.ts';
import { RecentValues } from './recent-values.ts';
import { staticFields } from './static-table.ts';

export interface HpackEncoderOptions {
  /** The largest table that the encoder uses, whatever the peer allows. */
  readonly tableBytesMax: number;
}

/** The first byte of each representation (RFC 7541, 6), and the bits that it leaves to the integer. */
const indexed = { pattern: 0x80, mask: 0x7f };
const incremental = { pattern: 0x40, mask: 0x3f };
const resize = { pattern: 0x20, mask: 0x1f };
const never = { pattern: 0x10, mask: 0x0f };
const without = { pattern: 0x00, mask: 0x0f };

/**
 * Where more repeats than the table can hold (the assertions of many principals), adding each would only push out the
 * others before they are used. So a full table changes slowly: a block earns so many bytes that may leave it.
 */
const evictableBytesPerBlock = 32;

/** Bytes that encoding these fields cannot exceed. */
export function encodedBytesMax(fields: readonly string[]): number {
  // Two changes of the table's size go before them. A field is an index and two lengths, each with its own byte.
  let bytes = 2 * (integerBytesMax + 1);
  for (const text of fields) bytes += text.length + 2 * integerBytesMax;
  return bytes;
}

/**
 * Encodes the header blocks of one connection; they must be sent in the order of the calls (RFC 7541). A field enters the
 * table when it is sent for the second time, so that values which never repeat, and the metadata of one client, do not
 * push out what does repeat. The caller sees to valid names and values: characters above 0xff lose their upper bits.
 */
export class HpackEncoder {
  readonly #table: DynamicTable;
  readonly #tableBytesMax: number;
  readonly #names = new Map<string, EncoderName>();
  readonly #recent: RecentValues;
  /** The lowest and the last size of the table that the peer was not told yet. */
  #toldBytesMax = tableBytesDefault;
  #lowestBytesMax = tableBytesDefault;
  /** What fields may now push out of the full table: see `evictableBytesPerBlock`. */
  #evictableBytes = 0;

  constructor({ tableBytesMax }: HpackEncoderOptions) {
    this.#tableBytesMax = tableBytesMax;
    this.#recent = new RecentValues(Math.floor(tableBytesMax / 4));
    this.#table = new DynamicTable((field) => this.#forget(field));
    this.setTableBytesMax(tableBytesDefault);
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. The next block tells it what the encoder makes of that. */
  setTableBytesMax(bytes: number): void {
    const bytesMax = Math.min(bytes, this.#tableBytesMax);
    this.#lowestBytesMax = Math.min(this.#lowestBytesMax, bytesMax);
    this.#table.setBytesMax(bytesMax);
  }

  /** A header block: name, value, name, value and so on, a character for each byte, pseudo-header fields first. */
  encode(fields: readonly string[]): Buffer {
    const block = Buffer.allocUnsafe(encodedBytesMax(fields));
    return block.subarray(0, this.encodeInto(fields, block, 0));
  }

  /** The same into a buffer with room for `encodedBytesMax(fields)` from `at` on; returns where the block ends. */
  encodeInto(fields: readonly string[], into: Buffer, at: number): number {
    this.#evictableBytes = Math.min(this.#evictableBytes + evictableBytesPerBlock, this.#table.bytesMax / 4);
    let end = this.#writeSizeUpdates(into, at);
    for (let index = 0; index + 1 < fields.length; index += 2) {
      end = this.#writeField(fields[index] as string, fields[index + 1] as string, into, end);
    }
    return end;
  }

  /** The lowest size first where there was a lower one in between: then the peer evicted as we did (RFC 7541, 4.2). */
  #writeSizeUpdates(into: Buffer, at: number): number {
    const { bytesMax } = this.#table;
    let end = at;
    if (this.#lowestBytesMax < Math.min(bytesMax, this.#toldBytesMax)) {
      end = writeInteger(this.#lowestBytesMax, resize.mask, resize.pattern, into, end);
      this.#toldBytesMax = this.#lowestBytesMax;
    }
    if (bytesMax !== this.#toldBytesMax) {
      end = writeInteger(bytesMax, resize.mask, resize.pattern, into, end);
      this.#toldBytesMax = bytesMax;
    }
    this.#lowestBytesMax = bytesMax;
    return end;
  }

  #writeField(name: string, value: string, into: Buffer, at: number): number {
    const entry = this.#nameOf(name);
    if (entry?.indexing === 'repeated') {
      const index = this.#find(entry, value);
      if (index > 0) return writeInteger(index, indexed.mask, indexed.pattern, into, at);
    }
    if (entry?.indexing === 'never') return this.#writeLiteral(never, entry, name, value, into, at);
    if (!this.#isWorthAdding(entry, name, value)) {
      return this.#writeLiteral(without, entry, name, value, into, at);
    }
    const end = this.#writeLiteral(incremental, entry, name, value, into, at);
    this.#add(name, value);
    return end;
  }

  #writeLiteral(
    { mask, pattern }: { readonly mask: number; readonly pattern: number },
    entry: EncoderName | undefined,
    name: string,
    value: string,
    into: Buffer,
    at: number,
  ): number {
    const index = entry === undefined ? 0 : entry.staticIndex || this.#indexOf(entry.sequence);
    let end = writeInteger(index, mask, pattern, into, at);
    if (index === 0) end = writeString(name, into, end);
    return writeString(value, into, end);
  }

  /** Undefined for names that neither the protocol nor the table knows: there is no bound to how many of them come. */
  #nameOf(name: string): EncoderName | undefined {
    const entry = this.#names.get(name);
    if (entry !== undefined || !isKnownName(name)) return entry;
    const known = new EncoderName(name);
    this.#names.set(name, known);
    return known;
  }

  /** The index of the whole field; 0 where no table has it. */
  #find(entry: EncoderName, value: string): number {
    if (entry.lastValue !== value) {
      entry.lastStaticIndex = entry.staticValues.get(value) ?? 0;
      entry.lastSequence = entry.lastStaticIndex > 0 ? 0 : (entry.sequences.get(value) ?? 0);
      // Only what was found: a value that was not may be anything, and long.
      entry.lastValue = entry.lastStaticIndex + entry.lastSequence > 0 ? value : undefined;
    }
    return entry.lastStaticIndex || this.#indexOf(entry.lastSequence);
  }

  /** The index that a field of the table has now; 0 where it has left. */
  #indexOf(sequence: number): number {
    if (sequence <= this.#table.evicted) return 0;
    return staticFields.length + 1 + this.#table.added - sequence;
  }

  #isWorthAdding(entry: EncoderName | undefined, name: string, value: string): boolean {
    const bytes = name.length + value.length + fieldOverheadBytes;
    const evictedBytes = this.#table.bytes + bytes - this.#table.bytesMax;
    // Not what would take much of the table for itself.
    if (bytes > this.#table.bytesMax / 4 || evictedBytes > this.#evictableBytes) return false;
    // Of a value that never repeats its name: with an index for that, the peer need not read the name in each block.
    const isAdded =
      entry?.indexing === 'without'
        ? entry.staticIndex === 0 && this.#indexOf(entry.sequence) === 0
        : this.#recent.isRepeated(name, value);
    if (isAdded && evictedBytes > 0) this.#evictableBytes -= evictedBytes;
    return isAdded;
  }

  #add(name: string, value: string): void {
    this.#table.add(new DecodedField(name, value, true));
    // Adding may have made the name's last field leave, and its entry with it.
    let entry = this.#names.get(name);
    if (entry === undefined) {
      entry = new EncoderName(name);
      this.#names.set(name, entry);
    }
    entry.sequence = this.#table.added;
    entry.sequences.set(value, entry.sequence);
    entry.lastValue = undefined;
  }

  /** A field left the table: what stays bounded by the table. A sequence that left is no index any more. */
  #forget({ name, value }: DecodedField): void {
    const entry = this.#names.get(name);
    if (entry === undefined) return;
    entry.sequences.delete(value);
    if (entry.sequences.size === 0 && !isKnownName(name)) this.#names.delete(name);
  }
}
