import type { Registry } from '@bufbuild/protobuf';
import type { Logger } from '../../mesh/log/logger.ts';
import type { ForwardBytes } from '../inbound-call.ts';
import type { MethodTable, PublicMethod } from '../method-table.ts';
import type { Cors } from './cors.ts';
import { createJsonTranscoder, type Transcoder } from './transcoder.ts';

/** What every call of a public port has in common. */
export interface RpcContext {
  readonly cors: Cors;
  /** The largest message, in bytes, after inflation. */
  readonly messageBytesMax: number;
  readonly log: Logger;
}

/** A method as protocols serve it. */
export interface RpcMethod {
  readonly method: PublicMethod;
  /** Where its calls go. */
  readonly forward: ForwardBytes;
  readonly json: Transcoder;
}

/** The methods of a table as protocols serve them; `registry` tells what may be in an Any. */
export function toRpcMethods(table: MethodTable, forward: ForwardBytes, registry: Registry): RpcMethod[] {
  return table.methods.map((method) => ({
    method,
    forward,
    json: createJsonTranscoder(method.desc, registry),
  }));
}
