import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const prefix = 'trl_live_';
const keyIdLength = 12;
const secretLength = 43;
const checksumLength = 6;
const pattern = new RegExp(
  `^${prefix}([0-9A-Za-z]{${keyIdLength}})_([0-9A-Za-z]{${secretLength}})([0-9A-Za-z]{${checksumLength}})$`,
);

/** The parts of an API key. */
export interface ApiKeyParts {
  /** 12 base62 characters; not secret. */
  readonly keyId: string;
  /** 43 base62 characters: 256 random bits. */
  readonly secret: string;
}

/** Gives that many random bytes. Tests inject their own. */
export type RandomBytes = (count: number) => Uint8Array;

/** Makes a new API key. */
export function generateApiKey(random: RandomBytes = randomBytes): ApiKeyParts {
  return { keyId: randomBase62(keyIdLength, random), secret: randomBase62(secretLength, random) };
}

/** The key as its owner sends it: `trl_live_<key id>_<secret><CRC32 of all before, base62>`. */
export function formatApiKey({ keyId, secret }: ApiKeyParts): string {
  const body = `${prefix}${keyId}_${secret}`;
  return body + toChecksum(body);
}

/** The parts of a key; undefined where the text is none, by form or checksum. Needs no look-up. */
export function parseApiKey(text: string): ApiKeyParts | undefined {
  const [, keyId, secret, checksum] = pattern.exec(text) ?? [];
  if (!keyId || !secret || checksum !== toChecksum(text.slice(0, -checksumLength))) return undefined;
  return { keyId, secret };
}

function toChecksum(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let digit = 0; digit < checksumLength; digit++) {
    text = alphabet.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

/** Takes bytes below 248 = 4 × 62 only, so that every character is equally likely. */
function randomBase62(length: number, random: RandomBytes): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random(length - text.length)) {
      if (byte < 248) text += alphabet.charAt(byte % 62);
    }
  }
  return text;
}
