import { negotiate } from '../../mesh/framing/accept-encoding.ts';
import {
  acceptEncoding,
  type Compression,
  compressionOf,
  compressions,
} from '../../mesh/framing/compression.ts';
import type { RpcError } from '../../mesh/rpc/error.ts';
import type { Exchange, Fields } from '../listener/exchange.ts';
import { headerOf } from './header.ts';
import type { ProtocolName } from './media-type.ts';

/** The header fields that speak of compression. */
interface EncodingFields {
  readonly sent: string;
  readonly accepted: string;
}

const grpcFields: EncodingFields = { sent: 'grpc-encoding', accepted: 'grpc-accept-encoding' };

const fieldsByProtocol: Readonly<Record<ProtocolName, EncodingFields>> = {
  grpc: grpcFields,
  'grpc-web': grpcFields,
  'grpc-web-text': grpcFields,
  connect: { sent: 'content-encoding', accepted: 'accept-encoding' },
  'connect-stream': { sent: 'connect-content-encoding', accepted: 'connect-accept-encoding' },
};

/** How the messages of a call are compressed. */
export interface CallEncodings {
  readonly request: Compression;
  readonly response: Compression;
  /** Header fields of the answer that say so. */
  readonly fields: Fields;
  /** What is wrong with them, where something is. */
  readonly error: RpcError | undefined;
}

const plain: CallEncodings = { request: 'identity', response: 'identity', fields: [], error: undefined };

/**
 * Reads how a client compresses, and what it takes. gRPC clients accept compression whether or not they want it: they
 * get it where they compress themselves. Connect's say what they want.
 */
export function readEncodings({ headers }: Exchange, protocol: ProtocolName): CallEncodings {
  const names = fieldsByProtocol[protocol];
  const sent = headerOf(headers, names.sent);
  const accepted = headerOf(headers, names.accepted);
  const isConnect = names !== grpcFields;
  if ((sent === undefined || sent === 'identity') && (accepted === undefined || !isConnect)) return plain;
  try {
    const request = compressionOf(sent);
    const wantsCompression = isConnect || request !== 'identity';
    const response = wantsCompression ? negotiate(accepted, compressions) : 'identity';
    return { request, response, fields: responseFields(response, names, protocol), error: undefined };
  } catch (error) {
    return { ...plain, fields: [names.accepted, acceptEncoding], error: error as RpcError };
  }
}

function responseFields(
  response: Compression,
  { sent, accepted }: EncodingFields,
  protocol: ProtocolName,
): Fields {
  // The body of a unary answer of Connect says by itself whether it is compressed.
  if (protocol === 'connect') return ['vary', 'accept-encoding'];
  const fields = [accepted, acceptEncoding];
  return response === 'identity' ? fields : [...fields, sent, response];
}
