const dayMs = 86_400_000;
const datePattern = /^([+-]?\d{4,6})[-/](\d{1,2})[-/](\d{1,2})$/;
const momentPattern =
  /^([+-]?\d{4,6}[-/]\d{1,2}[-/]\d{1,2})(?:[T ](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

/** Days since 1970-01-01 of a date such as `2020-01-02`; undefined where there is none. */
export function parseDay(text: string): number | undefined {
  const match = datePattern.exec(text);
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? date.getTime() / dayMs : undefined;
}

/**
 * Nanoseconds since the epoch of a moment such as `2020-01-02T03:04:05.000006+02:00` or `2020-01-02 03:04:05`, which
 * is UTC; undefined where there is none.
 */
export function parseMomentNanos(text: string): bigint | undefined {
  const match = text.length > 64 ? null : momentPattern.exec(text);
  const days = match?.[1] === undefined ? undefined : parseDay(match[1]);
  if (!match || days === undefined) return undefined;
  const [hours, minutes, seconds] = [match[2], match[3], match[4]].map((part) => Number(part ?? 0));
  const offsetMinutes = zoneMinutes(match[6]);
  if (hours === undefined || minutes === undefined || seconds === undefined) return undefined;
  if (hours > 23 || minutes > 59 || seconds > 59 || offsetMinutes === undefined) return undefined;
  const whole = BigInt(days) * 86_400n + BigInt((hours * 60 + minutes - offsetMinutes) * 60 + seconds);
  return whole * 1_000_000_000n + BigInt((match[5] ?? '').padEnd(9, '0'));
}

function zoneMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || /^z$/i.test(zone)) return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || 0);
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
