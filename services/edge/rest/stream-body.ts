import type { Compression } from '../../mesh/framing/compression.ts';
import { endResponse, type RestResponse, sendChunk } from './response.ts';
import { createStreamCompressor, isStreamCompression } from './stream-compressor.ts';

/** The body of an answer that comes in parts. */
export interface StreamBody {
  /** Sends a part, after those before it, and waits until the client has room. False where the client is gone. */
  send(part: string | Uint8Array): Promise<boolean>;
  /** Ends it with all that was sent. */
  end(): Promise<void>;
  /** Lets go of what it holds; to be called in any case. */
  close(): void;
}

/** A body whose parts can be read as soon as they are sent, also where they are compressed. */
export function createStreamBody(response: RestResponse, compression: Compression): StreamBody {
  if (!isStreamCompression(compression)) {
    return {
      send: (part) => sendChunk(response, part),
      end: async () => endResponse(response),
      close: () => {},
    };
  }
  const compressor = createStreamCompressor(compression);
  let sent: Promise<boolean> = Promise.resolve(true);
  return {
    send: (part) => {
      if (part.length === 0) return sent;
      sent = sent.then(async (isThere) => isThere && sendChunk(response, await compressor.part(part)));
      return sent;
    },
    end: async () => {
      if (await sent) endResponse(response, await compressor.end());
    },
    close: () => compressor.close(),
  };
}
