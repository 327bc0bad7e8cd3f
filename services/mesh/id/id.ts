import { randomBytes } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const length = 20;

/** Makes ids of one kind: the prefix and 20 characters with 100 random bits. Tests inject their own. */
export type IdGenerator = (prefix: string) => string;

/** A random id, such as `kg_4m2s0d7q9x1c5v8b3n6h`. */
export const randomId: IdGenerator = (prefix) => {
  let id = `${prefix}_`;
  for (const byte of randomBytes(length)) id += alphabet[byte & 31];
  return id;
};
