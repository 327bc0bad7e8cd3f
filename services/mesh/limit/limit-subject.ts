import { isIPv4, isIPv6 } from 'node:net';

/** Whom a limit counts for: a verified principal by its plan, or the address of a caller without credential. */
export type LimitSubject =
  | { readonly principalId: string; readonly plan: string }
  | { readonly address: string };

/** The key of the subject's buckets. The plan is no part of it: a new plan changes the limit, not the bucket. */
export function toSubjectKey(subject: LimitSubject): string {
  return 'address' in subject ? `address/${toNetwork(subject.address)}` : `principal/${subject.principalId}`;
}

/**
 * What counts as one address: an IPv4 address, or the /64 network of an IPv6 address, because whoever has one
 * address of such a network has them all. Anything else is taken as it is.
 */
function toNetwork(address: string): string {
  if (!address.includes(':')) return address;
  const bare = address.split('%', 1)[0] ?? address;
  if (!isIPv6(bare)) return address;
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1];
  if (mapped && isIPv4(mapped)) return mapped;
  const [head = '', tail] = bare.split('::');
  const leading = head === '' ? [] : head.split(':');
  // An IPv4 ending stands for two groups; it never reaches into the first four unless "::" stands before it.
  const trailing = tail ? tail.replace(/[\d.]+\.[\d.]+$/, '0:0').split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - leading.length - trailing.length;
  const groups = [...leading, ...Array<string>(zeros).fill('0'), ...trailing];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
