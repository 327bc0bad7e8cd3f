/** How many values are remembered, at most twice; longer ones are not. */
const valuesMax = 64;

/**
 * Which fields were sent lately, to tell those that repeat from those that never will: two generations, the older one
 * dropped when the younger is full.
 */
export class RecentValues {
  readonly #valueBytesMax: number;
  /** The name by the value: values differ more than names do. */
  #younger = new Map<string, string>();
  #older = new Map<string, string>();

  constructor(valueBytesMax: number) {
    this.#valueBytesMax = valueBytesMax;
  }

  /** True where this field was seen before, which is then forgotten; else it is remembered. */
  isRepeated(name: string, value: string): boolean {
    if (value.length > this.#valueBytesMax) return false;
    if (this.#younger.get(value) === name) return this.#younger.delete(value);
    if (this.#older.get(value) === name) return this.#older.delete(value);
    if (this.#younger.size >= valuesMax) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(value, name);
    return false;
  }
}
