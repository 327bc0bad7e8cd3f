const prefixBytes = 4;

/** Puts a message's length in front of it: four bytes, big-endian, as the suite's programs talk to each other. */
export function delimit(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length);
  return Buffer.concat([prefix, message]);
}

/** Reads delimited messages until the source ends. */
export async function* readDelimited(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= prefixBytes) {
      const end = prefixBytes + rest.readUInt32BE();
      if (rest.length < end) break;
      yield rest.subarray(prefixBytes, end);
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new Error(`the source ended inside a message, after ${rest.length} bytes`);
}

/** Reads the first delimited message and leaves the rest. */
export async function readFirstDelimited(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  for await (const message of readDelimited(source)) return message;
  throw new Error('the source ended without a message');
}
