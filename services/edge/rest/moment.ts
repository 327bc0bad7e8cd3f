import { dateText, parseDate, twoDigits } from './calendar.ts';

const secondsInDay = 86_400n;
const momentPattern = /^([+-]?\d+-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?$/;

/** A moment with all its digits. */
export interface Moment {
  /** Whole seconds since 1970-01-01T00:00:00Z, rounded down. */
  readonly seconds: bigint;
  readonly nanos: number;
  /** False where the text named no time zone; it was read as UTC. */
  readonly hasZone: boolean;
}

/**
 * A count of units since the epoch as RFC 3339 in UTC, with as many digits as it needs: none, three, six or nine.
 * `2026-01-02T03:04:05.000006Z` for micros. Years outside 0 to 9999 as in {@link dateText}.
 */
export function momentText(count: bigint, unitsPerSecond: bigint): string {
  const unitsPerDay = unitsPerSecond * secondsInDay;
  const inDay = BigInt.asIntN(64, ((count % unitsPerDay) + unitsPerDay) % unitsPerDay);
  const days = Number((count - inDay) / unitsPerDay);
  const seconds = Number(inDay / unitsPerSecond);
  const nanos = Number(inDay % unitsPerSecond) * Number(1_000_000_000n / unitsPerSecond);
  const time = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(twoDigits);
  return `${dateText(days)}T${time.join(':')}${fractionText(nanos)}Z`;
}

function fractionText(nanos: number): string {
  if (nanos === 0) return '';
  const digits = String(nanos).padStart(9, '0');
  return `.${digits.replace(/(?:000){1,2}$/, '')}`;
}

/** The moment that an RFC 3339 text names; undefined where it names none. */
export function parseMoment(text: string): Moment | undefined {
  const match = text.length > 64 ? null : momentPattern.exec(text);
  const days = match?.[1] === undefined ? undefined : parseDate(match[1]);
  if (!match || days === undefined) return undefined;
  const [hour, minute, second] = [Number(match[2]), Number(match[3]), Number(match[4])];
  const offset = offsetSeconds(match[6]);
  if (hour > 23 || minute > 59 || second > 59 || offset === undefined) return undefined;
  const seconds = BigInt(days) * secondsInDay + BigInt(hour * 3600 + minute * 60 + second - offset);
  return { seconds, nanos: Number((match[5] ?? '').padEnd(9, '0')), hasZone: match[6] !== undefined };
}

function offsetSeconds(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60);
}
