import type { ForeignMessage } from '../support/foreign-grpc.ts';

const dayMs = 86_400_000n;
const eraDays = 146_097n;
const dayMicros = 86_400_000_000n;

/** As `std::to_string` writes it: six decimals, ties to even. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.000000';
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}.000000`;
  // Half a millionth is a whole number of 128ths.
  const isTie = Math.abs((value * 128) % 2) === 1;
  if (!isTie) return value.toFixed(6);
  const below = BigInt(Math.floor(Math.abs(value) * 1e6));
  const millionths = String(below % 2n === 0n ? below : below + 1n).padStart(7, '0');
  return `${value < 0 ? '-' : ''}${millionths.slice(0, -6)}.${millionths.slice(-6)}`;
}

/** As the engine puts the point into the digits: it writes -0.05 as `0.-5`. */
export function formatDecimal(text: string): string {
  const [whole = '', fraction = ''] = text.split('.');
  if (fraction === '') return text;
  const digits = String(BigInt(whole.replace('-', '') + fraction));
  const unscaled = text.startsWith('-') ? `-${digits}` : digits;
  const missing = fraction.length - unscaled.length;
  if (missing > 0) return `0.${'0'.repeat(missing)}${unscaled}`;
  const before = unscaled.slice(0, -fraction.length);
  return `${before === '' || before === '-' ? `${before}0` : before}.${unscaled.slice(-fraction.length)}`;
}

/** Days since 1970-01-01 as a date, with ` (BC)` before the year 1. */
export function formatDate(days: bigint): string {
  // Date reaches 100 million days; the calendar repeats every 400 years.
  const eras = days / eraDays;
  const date = new Date(Number((days - eras * eraDays) * dayMs));
  const year = date.getUTCFullYear() + Number(eras) * 400;
  const [month, day] = [date.getUTCMonth() + 1, date.getUTCDate()].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${String(year > 0 ? year : 1 - year).padStart(4, '0')}-${month}-${day}${year > 0 ? '' : ' (BC)'}`;
}

/** A Timestamp message as the engine writes its types. */
export function formatTimestamp({ sinceEpoch = '0', precision, withTimeZone }: ForeignMessage): string {
  const units = BigInt(sinceEpoch);
  const micros = toMicros(units, precision);
  const days = micros < 0n && micros % dayMicros !== 0n ? micros / dayMicros - 1n : micros / dayMicros;
  const clock = formatClock(micros - days * dayMicros);
  return `${formatDate(days)} ${clock}${withTimeZone ? '+00' : ''}`;
}

function toMicros(units: bigint, precision: string): bigint {
  if (precision === 'PRECISION_SECONDS') return units * 1_000_000n;
  if (precision === 'PRECISION_MILLISECONDS') return units * 1_000n;
  return precision === 'PRECISION_NANOSECONDS' ? units / 1_000n : units;
}

/** An Interval message, such as `1 year 2 months -3 days 04:05:06.5`. */
export function formatInterval({ months = 0, days = 0, micros = '0' }: ForeignMessage): string {
  const years = Math.trunc(months / 12);
  const parts = [
    formatPart(years, 'year'),
    formatPart(months - years * 12, 'month'),
    formatPart(days, 'day'),
  ].filter((part) => part !== '');
  const clock = BigInt(micros);
  if (clock !== 0n || parts.length === 0) {
    parts.push(clock < 0n ? `-${formatClock(-clock)}` : formatClock(clock));
  }
  return parts.join(' ');
}

function formatPart(count: number, unit: string): string {
  return count === 0 ? '' : `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function formatClock(micros: bigint): string {
  const seconds = micros / 1_000_000n;
  const parts = [seconds / 3_600n, (seconds / 60n) % 60n, seconds % 60n];
  const fraction = String(micros % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return (
    parts.map((part) => String(part).padStart(2, '0')).join(':') + (fraction === '' ? '' : `.${fraction}`)
  );
}
