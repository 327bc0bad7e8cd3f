import { type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf';
import { toRpcError } from './error.ts';

/**
 * A response that is in protobuf's wire form already: a handler that writes its answer itself, or got it as bytes,
 * returns one where it would return a message. Over the network the bytes go out as they are; nothing looks into them.
 */
export class EncodedMessage {
  /** The whole message. Not to be changed afterwards. */
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** What a handler answers with, the types erased. */
export type Answer = Message | EncodedMessage;

/** The message of an answer, which is decoded where need be. INTERNAL for bytes that are no such message. */
export function toMessage(schema: DescMessage, answer: Answer): Message {
  if (!(answer instanceof EncodedMessage)) return answer;
  try {
    return fromBinary(schema, answer.bytes);
  } catch (cause) {
    throw toRpcError(cause);
  }
}
