/** A value of Thrift's compact protocol, as far as Parquet's metadata needs it. */
export type Thrift =
  | { readonly kind: 'i32' | 'i64'; readonly value: bigint }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'binary'; readonly value: Buffer }
  | { readonly kind: 'list'; readonly values: readonly Thrift[] }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<number, Thrift> };

const codes = { i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

/** Levels of lists and structs that are read. */
const depthMax = 32;

/** A 32-bit integer. */
export function i32(value: number): Thrift {
  return { kind: 'i32', value: BigInt(value) };
}

/** A 64-bit integer. */
export function i64(value: number): Thrift {
  return { kind: 'i64', value: BigInt(value) };
}

/** A text. */
export function text(value: string): Thrift {
  return { kind: 'binary', value: Buffer.from(value) };
}

/** A list of values of one kind. */
export function list(values: readonly Thrift[]): Thrift {
  return { kind: 'list', values };
}

/** A struct of its fields in the order of their ids; those without value are left out. */
export function struct(fields: Readonly<Record<number, Thrift | undefined>>): Thrift {
  const present = Object.entries(fields).flatMap(([id, value]): [number, Thrift][] =>
    value ? [[Number(id), value]] : [],
  );
  return { kind: 'struct', fields: new Map(present) };
}

/** The bytes of a value. */
export function encodeThrift(value: Thrift): Buffer {
  const out: Buffer[] = [];
  write(value, out);
  return Buffer.concat(out);
}

function write(value: Thrift, out: Buffer[]): void {
  switch (value.kind) {
    case 'i32':
    case 'i64':
      out.push(varint(value.value >= 0n ? value.value << 1n : (-value.value << 1n) - 1n));
      return;
    case 'binary':
      out.push(varint(BigInt(value.value.length)), value.value);
      return;
    case 'list': {
      const [first] = value.values;
      const code = first ? codeOf(first) : codes.i32;
      const { length } = value.values;
      if (length < 15) out.push(Buffer.from([(length << 4) | code]));
      else out.push(Buffer.from([0xf0 | code]), varint(BigInt(length)));
      for (const element of value.values) write(element, out);
      return;
    }
    case 'struct': {
      let last = 0;
      for (const [id, field] of value.fields) {
        // Parquet's structs have no gaps that need the long form.
        out.push(Buffer.from([((id - last) << 4) | codeOf(field)]));
        if (field.kind !== 'bool') write(field, out);
        last = id;
      }
      out.push(Buffer.from([0]));
      return;
    }
    case 'bool':
      throw new Error('a list of booleans is not written');
  }
}

function codeOf(value: Thrift): number {
  return value.kind === 'bool' ? (value.value ? 1 : 2) : codes[value.kind];
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** Bytes that are not what they should be. */
export class ThriftInvalid extends Error {
  override readonly name = 'ThriftInvalid';
}

/** Reads one struct, and says where it ends. Throws ThriftInvalid. */
export function decodeThriftAt(bytes: Buffer): { readonly value: Thrift; readonly end: number } {
  const reader = new Reader(bytes);
  const value = reader.struct(1);
  return { value, end: reader.at };
}

/** The field of a struct, if it is there. */
export function optionalAt(value: Thrift, id: number): Thrift | undefined {
  return value.kind === 'struct' ? value.fields.get(id) : undefined;
}

/** The list in a field of a struct. Throws ThriftInvalid. */
export function listAt(value: Thrift, id: number): readonly Thrift[] {
  const field = optionalAt(value, id);
  if (field?.kind === 'list') return field.values;
  throw new ThriftInvalid('a list is missing');
}

/** The count in a field of a struct. Throws ThriftInvalid where it is not there, or negative. */
export function numberAt(value: Thrift, id: number): number {
  const field = optionalAt(value, id);
  const number = field?.kind === 'i32' || field?.kind === 'i64' ? Number(field.value) : -1;
  if (number >= 0 && Number.isSafeInteger(number)) return number;
  throw new ThriftInvalid('a number is missing');
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  struct(depth: number): Thrift {
    if (depth > depthMax) throw new ThriftInvalid('nested too deep');
    const fields = new Map<number, Thrift>();
    let id = 0;
    for (;;) {
      const header = this.#byte();
      if (header === 0) return { kind: 'struct', fields };
      const delta = header >> 4;
      id = delta === 0 ? Number(this.#zigzag()) : id + delta;
      fields.set(id, this.#value(header & 15, depth));
    }
  }

  #value(code: number, depth: number): Thrift {
    switch (code) {
      case 1:
      case 2:
        return { kind: 'bool', value: code === 1 };
      case 3:
        return { kind: 'i32', value: BigInt(this.#byte()) };
      case 4:
      case 5:
        return { kind: 'i32', value: this.#zigzag() };
      case 6:
        return { kind: 'i64', value: this.#zigzag() };
      case 7:
        return { kind: 'binary', value: this.#take(8) };
      case 8:
        return { kind: 'binary', value: this.#take(this.#length()) };
      case 9:
      case 10:
        return this.#list(depth);
      case 12:
        return this.struct(depth + 1);
      default:
        throw new ThriftInvalid(`a field of type ${code}`);
    }
  }

  #list(depth: number): Thrift {
    if (depth > depthMax) throw new ThriftInvalid('nested too deep');
    const header = this.#byte();
    const length = header >> 4 === 15 ? this.#length() : header >> 4;
    const code = header & 15;
    // An element has at least a byte; nothing is set aside for what cannot be there.
    if (length > this.#bytes.length - this.#at) throw new ThriftInvalid('a list is cut off');
    const values: Thrift[] = [];
    for (let index = 0; index < length; index += 1) {
      const isBool = code === 1 || code === 2;
      values.push(isBool ? { kind: 'bool', value: this.#byte() === 1 } : this.#value(code, depth + 1));
    }
    return { kind: 'list', values };
  }

  #length(): number {
    const length = Number(this.#varint());
    if (length > this.#bytes.length) throw new ThriftInvalid('a length is beyond the end');
    return length;
  }

  #zigzag(): bigint {
    const value = this.#varint();
    return value & 1n ? -((value + 1n) >> 1n) : value >> 1n;
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new ThriftInvalid('a number is too long');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new ThriftInvalid('it ends too early');
    this.#at += 1;
    return byte;
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new ThriftInvalid('it ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
