import { InvalidArgumentError } from 'commander';

/** A whole number of a field of type uint32. */
export function parseUint32(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value < 2 ** 32) return value;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${2 ** 32 - 1}.`);
}
