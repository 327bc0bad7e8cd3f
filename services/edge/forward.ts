import { type DataPathOptions, ForwardedCall } from './data-path/forwarded-call.ts';
import type { ForwardBytes } from './inbound-call.ts';

/** The one way through the edge, whatever the protocol: identify, authorize, limit, route, forward. */
export function createForward(options: DataPathOptions): ForwardBytes {
  return (method, head, sink) => new ForwardedCall(options, method, head, sink);
}
