/** A connection of the fixed-rate load generator. */
export interface Line {
  /** True where one more call may be under way on it. */
  readonly hasRoom: boolean;
  /** Sends one call; `onEnd` hears whether the answer was a success. Throws nothing; a lost line fails its calls. */
  send(onEnd: (isSuccess: boolean) => void): void;
  close(): void;
}

/** What all calls of a load have in common. */
export interface LoadRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Bodies that calls have in turn, instead of the one. */
  readonly bodies?: readonly Uint8Array[];
  /** Bytes in the body of a right answer, where all have as many. */
  readonly answerBytes: number | undefined;
}
