import { Timestamp_Precision } from '../../../../gen/trellis/graph/v1/value_pb.js';

const dayMs = 86_400_000n;
const dayMicros = 86_400_000_000n;

/** How many microseconds a unit of a precision has; nanoseconds have none. */
const microsPerUnit = new Map([
  [Timestamp_Precision.SECONDS, 1_000_000n],
  [Timestamp_Precision.MILLISECONDS, 1_000n],
  [Timestamp_Precision.MICROSECONDS, 1n],
]);

const datePattern = /^(\d+)-(\d\d)-(\d\d)( \(BC\))?$/;
const timestampPattern =
  /^(\d+-\d\d-\d\d(?: \(BC\))?) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:\+00(?::?00)?)?$/;
const intervalPattern =
  /^(?:(-?\d+) years? ?)?(?:(-?\d+) months? ?)?(?:(-?\d+) days? ?)?(?:(-)?(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/;

/** Days since 1970-01-01 of a date as the engine writes it, such as `2020-01-02` or `0044-03-15 (BC)`. */
export function parseDate(text: string): number | undefined {
  const match = datePattern.exec(text);
  if (!match) return undefined;
  const year = match[4] ? 1n - BigInt(match[1] ?? '') : BigInt(match[1] ?? '');
  return Number(daysFromCivil(year, BigInt(match[2] ?? ''), BigInt(match[3] ?? '')));
}

/** Units since the epoch of a timestamp as the engine writes it, such as `1969-12-31 23:59:59.123456+00`. */
export function parseTimestamp(text: string, precision: Timestamp_Precision): bigint | undefined {
  const match = timestampPattern.exec(text);
  const days = match && parseDate(match[1] ?? '');
  if (!match || days === undefined || days === null) return undefined;
  const [, , hours, minutes, seconds, fraction = ''] = match;
  const clock = (BigInt(hours ?? '') * 60n + BigInt(minutes ?? '')) * 60n + BigInt(seconds ?? '');
  const micros = BigInt(days) * dayMicros + clock * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  if (precision === Timestamp_Precision.NANOSECONDS) return micros * 1_000n;
  const unit = microsPerUnit.get(precision) ?? 1n;
  return micros % unit === 0n ? micros / unit : undefined;
}

/** The parts of an interval as the engine writes it, such as `1 year 2 months -3 days -01:00:00.000001`. */
export function parseInterval(text: string): { months: number; days: number; micros: bigint } | undefined {
  const match = text === '' ? null : intervalPattern.exec(text);
  if (!match) return undefined;
  const [, years = '0', months = '0', days = '0', minus, hours = '0', minutes = '0', seconds = '0'] = match;
  const clock = (BigInt(hours) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
  const micros = clock * 1_000_000n + BigInt((match[8] ?? '').padEnd(6, '0'));
  return {
    months: Number(years) * 12 + Number(months),
    days: Number(days),
    micros: minus ? -micros : micros,
  };
}

/** A date as the engine reads it; undefined before the year 1 and after 9999, which it cannot read. */
export function formatDate(days: number): string | undefined {
  const { year, month, day } = civilFromDays(BigInt(days));
  if (year < 1n || year > 9999n) return undefined;
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`;
}

/** A timestamp as the engine reads it; undefined where it could not read all of it. */
export function formatTimestamp(sinceEpoch: bigint, precision: Timestamp_Precision): string | undefined {
  const micros = toMicros(sinceEpoch, precision);
  if (micros === undefined) return undefined;
  const days = floorDiv(micros, dayMicros);
  if (days < -800_000n || days > 3_000_000n) return undefined;
  const date = formatDate(Number(days));
  if (!date) return undefined;
  const inDay = micros - days * dayMicros;
  const seconds = inDay / 1_000_000n;
  const clock = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map(twoDigits).join(':');
  return `${date} ${clock}.${String(inDay % 1_000_000n).padStart(6, '0')}`;
}

/**
 * The microseconds since the epoch; undefined where there are parts of one, or more than the engine can hold. It does
 * not survive writing -2^63 (0.11.3).
 */
export function toMicros(sinceEpoch: bigint, precision: Timestamp_Precision): bigint | undefined {
  const isNanos = precision === Timestamp_Precision.NANOSECONDS;
  if (isNanos && sinceEpoch % 1_000n !== 0n) return undefined;
  const micros = isNanos ? sinceEpoch / 1_000n : sinceEpoch * (microsPerUnit.get(precision) ?? 1n);
  return BigInt.asIntN(64, micros) === micros && micros !== -(2n ** 63n) ? micros : undefined;
}

/** Days since 1970-01-01 of a moment that the binding gave; undefined where it is no whole day. */
export function daysOf(date: Date): number | undefined {
  const days = date.getTime() / Number(dayMs);
  return Number.isInteger(days) ? days : undefined;
}

function daysFromCivil(year: bigint, month: bigint, day: bigint): bigint {
  const y = month <= 2n ? year - 1n : year;
  const era = floorDiv(y, 400n);
  const yearOfEra = y - era * 400n;
  const dayOfYear = (153n * (month > 2n ? month - 3n : month + 9n) + 2n) / 5n + day - 1n;
  return era * 146_097n + yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear - 719_468n;
}

function civilFromDays(days: bigint): { year: bigint; month: bigint; day: bigint } {
  const shifted = days + 719_468n;
  const era = floorDiv(shifted, 146_097n);
  const dayOfEra = shifted - era * 146_097n;
  const yearOfEra = (dayOfEra - dayOfEra / 1_460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n;
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const shiftedMonth = (5n * dayOfYear + 2n) / 153n;
  const month = shiftedMonth < 10n ? shiftedMonth + 3n : shiftedMonth - 9n;
  const year = yearOfEra + era * 400n + (month <= 2n ? 1n : 0n);
  return { year, month, day: dayOfYear - (153n * shiftedMonth + 2n) / 5n + 1n };
}

function floorDiv(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}

function twoDigits(value: bigint): string {
  return String(value).padStart(2, '0');
}
