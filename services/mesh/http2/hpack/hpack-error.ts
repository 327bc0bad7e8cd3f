/**
 * A header block that cannot be decoded. The tables of both ends differ from here on, so the connection ends with
 * COMPRESSION_ERROR (RFC 9113, 4.3): the decoder that threw it must not be used again.
 */
export class HpackError extends Error {
  override readonly name = 'HpackError';
}
