import { ConnectionError, errorCode, frameBytesMax, settingId, windowBytesMax } from './frame.ts';

const entryBytes = 6;

/** The payload of a SETTINGS frame. */
export function writeSettings(settings: Readonly<Record<number, number>>): Buffer {
  const entries = Object.entries(settings);
  const payload = Buffer.alloc(entries.length * entryBytes);
  for (const [index, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(Number(id), index * entryBytes);
    payload.writeUInt32BE(value, index * entryBytes + 2);
  }
  return payload;
}

/** What a peer's SETTINGS say, in their order. Throws ConnectionError for values that are not allowed. */
export function readSettings(payload: Buffer, isFromServer: boolean): [id: number, value: number][] {
  if (payload.length % entryBytes !== 0) {
    throw new ConnectionError(errorCode.frameSizeError, 'a SETTINGS of the wrong size');
  }
  const settings: [number, number][] = [];
  for (let at = 0; at < payload.length; at += entryBytes) {
    const id = payload.readUInt16BE(at);
    const value = payload.readUInt32BE(at + 2);
    check(id, value, isFromServer);
    settings.push([id, value]);
  }
  return settings;
}

/** A server has nothing to be pushed to. */
function check(id: number, value: number, isFromServer: boolean): void {
  if (id === settingId.enablePush && value > (isFromServer ? 0 : 1)) {
    throw refuse('ENABLE_PUSH', errorCode.protocolError);
  }
  if (id === settingId.initialWindowSize && value > windowBytesMax) {
    throw refuse('INITIAL_WINDOW_SIZE', errorCode.flowControlError);
  }
  if (id === settingId.maxFrameSize && (value < frameBytesMax || value > 2 ** 24 - 1)) {
    throw refuse('MAX_FRAME_SIZE', errorCode.protocolError);
  }
}

function refuse(name: string, code: number): ConnectionError {
  return new ConnectionError(code, `a ${name} that is not allowed`);
}
