import type { Http2Client, StreamEnd } from './http2-client.ts';

/** A client's call over HTTP/2. */
export class ClientStream {
  readonly id: number;
  /** What the edge takes of this stream before it grants more. */
  window: number;
  sentBytes = 0;
  receivedBytes = 0;
  /** Resolves when the call is over. */
  readonly ended: Promise<StreamEnd>;
  readonly #client: Http2Client;
  readonly #finish: (how: StreamEnd) => void;
  /** Resolves when the first data came. */
  readonly begun: Promise<void>;
  readonly #begin: () => void;
  #upload: Upload | undefined;
  #goal: { readonly bytes: number; readonly reach: () => void } | undefined;

  constructor(client: Http2Client, id: number, window: number) {
    this.#client = client;
    this.id = id;
    this.window = window;
    const ended = Promise.withResolvers<StreamEnd>();
    const begun = Promise.withResolvers<void>();
    this.ended = ended.promise;
    this.#finish = ended.resolve;
    this.begun = begun.promise;
    this.#begin = begun.resolve;
  }

  /**
   * Sends a file's messages as fast as the edge takes them: so many bytes, made of the part, cut anywhere. The next ones
   * go on where these ended.
   */
  upload(
    part: Buffer,
    bytes: number,
    { frameBytes = [16_384], isWhole = true }: Partial<UploadForm> = {},
  ): void {
    this.#upload = { part, bytesLeft: bytes, at: this.#upload?.at ?? 0, turn: 0, frameBytes, isWhole };
    this.pump();
  }

  pump(): void {
    const upload = this.#upload;
    if (!upload) return;
    while (upload.bytesLeft > 0) {
      const { part, at, bytesLeft, frameBytes, isWhole } = upload;
      const frameBytesMax = frameBytes[upload.turn % frameBytes.length] ?? 1;
      const room = Math.min(frameBytesMax, this.#client.roomFor(this), part.length - at, bytesLeft);
      if (room <= 0) return;
      upload.turn++;
      upload.at = (at + room) % part.length;
      upload.bytesLeft -= room;
      this.sentBytes += room;
      this.#client.sendData(this, part.subarray(at, at + room), isWhole && upload.bytesLeft === 0);
    }
  }

  grant(bytes: number): void {
    this.#client.grant(this.id, bytes);
  }

  cancel(): void {
    this.#client.reset(this.id);
  }

  /** Resolves when so many bytes came in all, or the call is over. */
  async received(bytes: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.receivedBytes < bytes) this.#goal = { bytes, reach: resolve };
    else resolve();
    await Promise.race([promise, this.ended]);
  }

  receive(bytes: number): void {
    this.receivedBytes += bytes;
    this.#begin();
    if (this.#goal && this.receivedBytes >= this.#goal.bytes) this.#goal.reach();
  }

  finish(how: StreamEnd): void {
    this.#upload = undefined;
    this.#begin();
    this.#finish(how);
  }
}

interface UploadForm {
  /** The sizes that the DATA frames have at most, in turn. */
  readonly frameBytes: readonly number[];
  /** True where the request ends with it. */
  readonly isWhole: boolean;
}

interface Upload extends UploadForm {
  readonly part: Buffer;
  bytesLeft: number;
  at: number;
  turn: number;
}
