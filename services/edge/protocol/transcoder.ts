import {
  type DescMethod,
  fromBinary,
  fromJsonString,
  type JsonReadOptions,
  type Registry,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';

/** Changes single messages between what a client writes and protobuf, which services speak. */
export interface Transcoder {
  /** Throws MALFORMED_BODY. */
  toService(message: Uint8Array): Uint8Array;
  toClient(message: Uint8Array): Buffer;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Protobuf's own JSON mapping for the messages of a method; `registry` tells what may be in an Any. */
export function createJsonTranscoder({ input, output }: DescMethod, registry: Registry): Transcoder {
  const readOptions: Partial<JsonReadOptions> = { ignoreUnknownFields: false, registry };
  return {
    toService: (message) => {
      try {
        return toBinary(input, fromJsonString(input, utf8.decode(message), readOptions));
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw rpcError(
          ErrorReason.MALFORMED_BODY,
          `the message is not valid JSON of ${input.typeName}: ${why}`,
          { cause },
        );
      }
    },
    toClient: (message) => Buffer.from(toJsonString(output, fromBinary(output, message), { registry })),
  };
}
