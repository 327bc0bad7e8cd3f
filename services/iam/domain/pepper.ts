import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const charactersMin = 32;

/** A secret of the service that keys the HMACs of API keys, so that the database alone verifies nothing. */
export interface Pepper {
  readonly version: number;
  readonly value: string;
}

/** The peppers in use: new keys take the first, old ones name theirs. */
export type Peppers = readonly [Pepper, ...Pepper[]];

/** An API key's secret at rest. */
export interface SealedSecret {
  /** HMAC-SHA-256, base64url. */
  readonly secretHash: string;
  readonly pepperVersion: number;
}

/** Reads `<version>:<value>[,<version>:<value>…]`, the one for new keys first. Throws with what is allowed. */
export function parsePeppers(text: string): Peppers {
  const peppers = text
    .trim()
    .split(',')
    .map((part): Pepper => {
      const [, version, value] = /^(\d{1,6}):([^,\s]+)$/.exec(part) ?? [];
      if (version && value && value.length >= charactersMin) return { version: Number(version), value };
      throw new Error(`must be <version>:<at least ${charactersMin} characters>, more of them behind commas`);
    });
  const versions = new Set(peppers.map(({ version }) => version));
  if (versions.size < peppers.length) throw new Error('must not give one version twice');
  return peppers as unknown as Peppers;
}

/** A new pepper, in the form that parsePeppers reads. */
export function generatePeppers(): string {
  return `1:${randomBytes(32).toString('base64url')}`;
}

/** Seals a secret with the pepper for new keys. */
export function sealSecret(peppers: Peppers, secret: string): SealedSecret {
  const [pepper] = peppers;
  return { secretHash: hmac(pepper, secret).toString('base64url'), pepperVersion: pepper.version };
}

/** True where the secret is the one that was sealed. Takes the same time wherever they differ. */
export function isSealedSecret(peppers: Peppers, secret: string, sealed: SealedSecret): boolean {
  const pepper = peppers.find(({ version }) => version === sealed.pepperVersion);
  if (!pepper) return false;
  const actual = hmac(pepper, secret);
  const expected = Buffer.from(sealed.secretHash, 'base64url');
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** A key for another purpose than sealing; as secret as the pepper it comes from. */
export function deriveKey([pepper]: Peppers, purpose: string): Uint8Array {
  return hmac(pepper, `derived key: ${purpose}`);
}

function hmac({ value }: Pepper, secret: string): Buffer {
  return createHmac('sha256', value).update(secret).digest();
}
