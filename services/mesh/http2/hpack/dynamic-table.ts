import type { DecodedField } from './field.ts';

/** What a table may hold before anything was said (RFC 9113, 6.5.2). */
export const tableBytesDefault = 4_096;

/**
 * The fields that one end added, the oldest leaving when the bytes are spent. A field is known by its sequence: the
 * first that was ever added has 1. The ring of slots grows with the fields that the table really holds.
 */
export class DynamicTable {
  #slots: (DecodedField | undefined)[] = new Array(16);
  #bytes = 0;
  #bytesMax = tableBytesDefault;
  #added = 0;
  #evicted = 0;
  readonly #onEvict: ((field: DecodedField) => void) | undefined;

  constructor(onEvict?: (field: DecodedField) => void) {
    this.#onEvict = onEvict;
  }

  get bytesMax(): number {
    return this.#bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The sequence of the newest field. */
  get added(): number {
    return this.#added;
  }

  /** The sequence of the newest field that has left. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The field added before `age` others: 0 is the newest. */
  at(age: number): DecodedField | undefined {
    const sequence = this.#added - age;
    if (sequence <= this.#evicted) return undefined;
    return this.#slots[sequence & (this.#slots.length - 1)];
  }

  setBytesMax(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    this.#evictTo(bytesMax);
  }

  /** Makes room and adds it; one that is larger than the table only empties it (RFC 7541, 4.4). */
  add(field: DecodedField): void {
    this.#evictTo(this.#bytesMax - field.bytes);
    if (field.bytes > this.#bytesMax) return;
    if (this.#added - this.#evicted === this.#slots.length) this.#grow();
    this.#added++;
    this.#slots[this.#added & (this.#slots.length - 1)] = field;
    this.#bytes += field.bytes;
  }

  #evictTo(bytes: number): void {
    while (this.#bytes > bytes && this.#evicted < this.#added) {
      this.#evicted++;
      const slot = this.#evicted & (this.#slots.length - 1);
      const field = this.#slots[slot] as DecodedField;
      this.#slots[slot] = undefined;
      this.#bytes -= field.bytes;
      this.#onEvict?.(field);
    }
  }

  #grow(): void {
    const slots: (DecodedField | undefined)[] = new Array(this.#slots.length * 2);
    for (let sequence = this.#evicted + 1; sequence <= this.#added; sequence++) {
      slots[sequence & (slots.length - 1)] = this.#slots[sequence & (this.#slots.length - 1)];
    }
    this.#slots = slots;
  }
}
