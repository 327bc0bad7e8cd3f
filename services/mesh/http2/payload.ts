import { ConnectionError, errorCode } from './frame.ts';

/** The peer does what the protocol does not allow. */
export function broken(message: string): ConnectionError {
  return new ConnectionError(errorCode.protocolError, message);
}

/** A frame has not the size that its type has. */
export function wrongSize(frame: string): ConnectionError {
  return new ConnectionError(errorCode.frameSizeError, `a ${frame} of the wrong size`);
}

/** The data of a padded frame. */
export function withoutPadding(payload: Buffer): Buffer {
  const paddingBytes = payload[0] ?? 0;
  if (paddingBytes >= payload.length) throw broken('more padding than there is payload');
  return payload.subarray(1, payload.length - paddingBytes);
}
