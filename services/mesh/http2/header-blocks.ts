import { ConnectionError, errorCode, frameFlag } from './frame.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import { HpackError } from './hpack/hpack-error.ts';
import { broken } from './payload.ts';
import type { Fields } from './stream.ts';

/** A whole list of header or trailer fields. */
export interface HeaderBlock {
  readonly streamId: number;
  readonly fields: Fields;
  /** END_STREAM: nothing follows. */
  readonly isLast: boolean;
  /** Names or values that HTTP does not allow: the stream is to be reset. */
  readonly isMalformed: boolean;
  /** More than the limit; `fields` is empty. */
  readonly isTooLarge: boolean;
}

const blockBytesMax = 64 * 1024;
const framesMax = 32;

/** Puts header blocks together from HEADERS and CONTINUATION, and decodes them. */
export class HeaderBlocks {
  readonly #decoder: HpackDecoder;
  #streamId = 0;
  #isLast = false;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(listBytesMax: number, tableBytesMax: number) {
    this.#decoder = new HpackDecoder({ tableBytesMax, listBytesMax });
  }

  /** True while CONTINUATION must follow. */
  get isOpen(): boolean {
    return this.#streamId !== 0;
  }

  /** Takes a HEADERS frame; the block where that is all of it. */
  begin(flags: number, streamId: number, payload: Buffer): HeaderBlock | undefined {
    if (streamId === 0) throw broken('HEADERS of no stream');
    const isLast = (flags & frameFlag.endStream) !== 0;
    const part = fragment(flags, streamId, payload);
    if ((flags & frameFlag.endHeaders) !== 0) return this.#decode(streamId, isLast, part);
    this.#streamId = streamId;
    this.#isLast = isLast;
    this.#parts = [part];
    this.#bytes = part.length;
    return undefined;
  }

  /** Takes a CONTINUATION frame; the block where it was the last. */
  continue(flags: number, streamId: number, payload: Buffer): HeaderBlock | undefined {
    if (this.#streamId === 0 || streamId !== this.#streamId)
      throw broken('a CONTINUATION of no header block');
    this.#parts.push(payload);
    this.#bytes += payload.length;
    if (this.#bytes > blockBytesMax || this.#parts.length > framesMax) {
      throw new ConnectionError(errorCode.enhanceYourCalm, 'a header block without end');
    }
    if ((flags & frameFlag.endHeaders) === 0) return undefined;
    this.#streamId = 0;
    const block = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    return this.#decode(streamId, this.#isLast, block);
  }

  #decode(streamId: number, isLast: boolean, block: Buffer): HeaderBlock {
    const fields = this.#read(block);
    const { isMalformed, isTooLarge } = this.#decoder;
    return { streamId, fields, isLast, isMalformed, isTooLarge };
  }

  #read(block: Buffer): Fields {
    try {
      return this.#decoder.decode(block);
    } catch (error) {
      if (error instanceof HpackError) throw new ConnectionError(errorCode.compressionError, error.message);
      throw error;
    }
  }
}

/** The part of a header block that a HEADERS frame holds: without padding and priority. */
function fragment(flags: number, streamId: number, payload: Buffer): Buffer {
  let start = 0;
  let end = payload.length;
  if ((flags & frameFlag.padded) !== 0) {
    end -= payload[0] ?? 0;
    start = 1;
  }
  if ((flags & frameFlag.priority) !== 0) {
    if (payload.length >= start + 4 && (payload.readUInt32BE(start) & 0x7fff_ffff) === streamId) {
      throw broken('a stream that depends on itself');
    }
    start += 5;
  }
  if (start > end) throw broken('more padding than there is payload');
  return payload.subarray(start, end);
}
