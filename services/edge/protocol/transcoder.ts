import {
  type DescMethod,
  fromBinary,
  fromJsonString,
  type JsonReadOptions,
  type Registry,
  toBinary,
  toJson,
  toJsonString,
} from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import { toExactJson } from './exact-json.ts';

/** Changes single messages between what a client writes and protobuf, which services speak. */
export interface Transcoder {
  /** Throws MALFORMED_BODY. */
  toService(message: Uint8Array): Uint8Array;
  toClient(message: Uint8Array): Buffer;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The last bytes of a FLOAT -0.0, and of a DOUBLE. */
const floatMinusZero = Buffer.from([0, 0, 0, 0x80]);

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
    toClient: (message) => {
      const read = fromBinary(output, message);
      // Most messages have no -0 in them; telling costs less than writing JSON with care.
      if (!Buffer.from(message.buffer, message.byteOffset, message.length).includes(floatMinusZero)) {
        return Buffer.from(toJsonString(output, read, { registry }));
      }
      return Buffer.from(toExactJson(toJson(output, read, { registry })));
    },
  };
}
