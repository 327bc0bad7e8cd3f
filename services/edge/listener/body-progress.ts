import type { Readable } from 'node:stream';

/** Whether a body waits for us and not for its client: nobody reads it yet, or its reader is slower. */
export function isHeldBack(body: Readable): boolean {
  if (body.readableLength > 0 || body.readableFlowing === null) return true;
  // Whoever reads by 'readable' events does not let the stream flow.
  return body.isPaused() && body.listenerCount('readable') === 0;
}
