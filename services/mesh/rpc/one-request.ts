import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type Envelope, envelopeBytes } from '../framing/envelope.ts';
import { EnvelopeReader } from '../framing/envelope-reader.ts';
import { rpcError } from './error.ts';
import { messageBytesMax } from './limits.ts';

/** The request of a method that takes one, put together from what comes. Holds one message and a chunk. */
export class OneRequest {
  #envelope: Envelope | undefined;
  /** None where the request came in one chunk, as most do. */
  #reader: EnvelopeReader | undefined;

  /** Takes bytes. MESSAGE_TOO_LARGE as soon as they say so, MESSAGE_COUNT_INVALID where a second message begins. */
  write(chunk: Buffer): void {
    if (this.#envelope) throw miscounted('more than one');
    if (!this.#reader && isWhole(chunk)) {
      this.#envelope = { flags: chunk[0] as number, payload: chunk.subarray(envelopeBytes) };
      return;
    }
    this.#reader ??= new EnvelopeReader(messageBytesMax);
    this.#reader.push(chunk);
    this.#envelope = this.#reader.next();
    if (this.#envelope && this.#reader.unreadBytes > 0) throw miscounted('more than one');
  }

  /** The request, when all came. MESSAGE_COUNT_INVALID where there is none, MALFORMED_BODY where it is cut off. */
  end(): Envelope {
    this.#reader?.end();
    if (!this.#envelope) throw miscounted('none');
    return this.#envelope;
  }
}

/** True for one message from beginning to end; one that is too large is none. */
function isWhole(chunk: Buffer): boolean {
  const bytes = chunk.length - envelopeBytes;
  return bytes >= 0 && bytes <= messageBytesMax && chunk.readUInt32BE(1) === bytes;
}

function miscounted(came: string) {
  return rpcError(ErrorReason.MESSAGE_COUNT_INVALID, `the method takes one message, ${came} came`);
}
