/** What stands before each message of gRPC, gRPC-Web and Connect streams: a byte of flags, four of length. */
export const envelopeBytes = 5;

/** The flag bits of an envelope. */
export const envelopeFlags = {
  /** The payload is compressed with the stream's encoding. */
  compressed: 0x01,
  /** Connect: the payload is the stream's end, as JSON. */
  endStream: 0x02,
  /** gRPC-Web: the payload is the trailers. */
  trailers: 0x80,
} as const;

/** One message of a stream. */
export interface Envelope {
  readonly flags: number;
  readonly payload: Buffer;
}

/** The payload in its envelope, as one buffer. */
export function frame(payload: Uint8Array, flags = 0): Buffer {
  const length = payload.length;
  const framed = Buffer.allocUnsafe(envelopeBytes + length);
  framed[0] = flags;
  framed.writeUInt32BE(length, 1);
  framed.set(payload, envelopeBytes);
  return framed;
}
