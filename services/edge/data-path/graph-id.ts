import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { envelopeBytes } from '../../mesh/framing/envelope.ts';
import { rpcError } from '../../mesh/rpc/error.ts';

/**
 * The graph that a call is for: field 1 of its first message, `string graph_id`, as the service will read it: where it
 * is there more than once, the last. Undefined while the message is not complete. Throws MALFORMED_BODY.
 */
export function readGraphId(framed: Buffer): string | undefined {
  if (framed.length < envelopeBytes) return undefined;
  const end = envelopeBytes + framed.readUInt32BE(1);
  if (framed.length < end) return undefined;
  const reader = new BinaryReader(framed.subarray(envelopeBytes, end));
  let graphId = '';
  try {
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      if (number === 1 && type === WireType.LengthDelimited) graphId = reader.string(true);
      else reader.skip(type, number);
    }
  } catch (cause) {
    throw rpcError(ErrorReason.MALFORMED_BODY, 'the message is not valid protobuf', { cause });
  }
  return graphId;
}
