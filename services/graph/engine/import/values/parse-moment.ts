const dayMs = 86_400_000;
const date = String.raw`([+-]?\d{4,6})([-/\\ ])(\d{1,2})\2(\d{1,2})`;
const time = String.raw`(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{0,9})0*)?`;
const zone = String.raw`Z?([+-]\d{2}(?::?\d{2})?)?`;
const datePattern = new RegExp(`^${date}$`);
const momentPattern = new RegExp(`^${date}(?:[T ]${time})?${zone}$`, 'i');

/** Days since 1970-01-01 of a date such as `2020-01-02`; undefined where there is none. */
export function parseDay(text: string): number | undefined {
  const match = datePattern.exec(text);
  return match ? daysOf(match[1], match[3], match[4]) : undefined;
}

/**
 * Nanoseconds since the epoch of a moment such as `2020-01-02T03:04:05.000006+02:00` or `2020-01-02 03:04:05`, which
 * is UTC; undefined where there is none.
 */
export function parseMomentNanos(text: string): bigint | undefined {
  const match = text.length > 64 ? null : momentPattern.exec(text);
  const days = match ? daysOf(match[1], match[3], match[4]) : undefined;
  if (!match || days === undefined) return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(5, 8).map((part) => Number(part ?? 0));
  const offsetMinutes = zoneMinutes(match[9] ?? '+00');
  if (hours > 23 || minutes > 59 || seconds > 59 || offsetMinutes === undefined) return undefined;
  const whole = BigInt(days) * 86_400n + BigInt((hours * 60 + minutes - offsetMinutes) * 60 + seconds);
  return whole * 1_000_000_000n + BigInt((match[8] ?? '').padEnd(9, '0'));
}

function daysOf(year = '', month = '', day = ''): number | undefined {
  const midnight = new Date(0);
  midnight.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isReal = midnight.getUTCMonth() === Number(month) - 1 && midnight.getUTCDate() === Number(day);
  return isReal ? midnight.getTime() / dayMs : undefined;
}

function zoneMinutes(offset: string): number | undefined {
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(':', '') || 0);
  if (hours > 23 || minutes > 59) return undefined;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
