import { type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { compressionOf, inflate } from '../framing/compression.ts';
import { type Envelope, envelopeFlags } from '../framing/envelope.ts';
import { unexpectedFlags } from '../framing/envelope-error.ts';
import { rpcError } from './error.ts';
import { messageBytesMax } from './limits.ts';

/** Makes messages of what came in envelopes. */
export class MessageDecoder {
  readonly #schema: DescMessage;
  readonly #encoding: string | undefined;

  /** `encoding`: how compressed messages of this stream are compressed, as `grpc-encoding` says it. */
  constructor(schema: DescMessage, encoding: string | undefined) {
    this.#schema = schema;
    this.#encoding = encoding;
  }

  /**
   * The message; a promise where a large one has to be inflated first. Throws, or rejects with, MALFORMED_BODY,
   * MESSAGE_TOO_LARGE and ENCODING_UNSUPPORTED.
   */
  decode({ flags, payload }: Envelope): Message | Promise<Message> {
    if (flags === 0) return this.#decode(payload);
    const isNamed = this.#encoding !== undefined && this.#encoding !== 'identity';
    if (flags !== envelopeFlags.compressed || !isNamed) throw unexpectedFlags(flags);
    const inflated = inflate(compressionOf(this.#encoding), payload, messageBytesMax);
    return inflated instanceof Promise
      ? inflated.then((bytes) => this.#decode(bytes))
      : this.#decode(inflated);
  }

  #decode(payload: Uint8Array): Message {
    try {
      return fromBinary(this.#schema, payload);
    } catch (cause) {
      throw rpcError(ErrorReason.MALFORMED_BODY, 'the message is not valid protobuf', { cause });
    }
  }
}
