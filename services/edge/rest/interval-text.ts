import { integerRanges, isWithin } from './exact-number.ts';

/** A span in calendar and clock units, which do not convert into each other. */
interface Span {
  readonly months: number;
  readonly days: number;
  readonly micros: bigint;
}

const microsInSecond = 1_000_000n;
const durationPattern =
  /^(-)?P(?=.)(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?(?:T(?=.)(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?)(\d+)(?:\.(\d{1,6}))?S)?)?$/;

/** The span as an ISO 8601 duration, each unit with its own sign: `P1Y2M3DT-4H5M6.5S`. */
export function intervalText({ months, days, micros }: Span): string {
  const date = [part(Math.trunc(months / 12), 'Y'), part(months % 12, 'M'), part(days, 'D')].join('');
  const sign = micros < 0n ? '-' : '';
  const size = micros < 0n ? -micros : micros;
  const seconds = size / microsInSecond;
  const fraction = (size % microsInSecond).toString().padStart(6, '0').replace(/0+$/, '');
  const rest = `${seconds % 60n}${fraction === '' ? '' : `.${fraction}`}`;
  const time = [
    part(seconds / 3600n, 'H', sign),
    part((seconds / 60n) % 60n, 'M', sign),
    rest === '0' ? '' : `${sign}${rest}S`,
  ].join('');
  if (date === '' && time === '') return 'PT0S';
  return `P${date}${time === '' ? '' : `T${time}`}`;
}

function part(count: number | bigint, unit: string, sign = ''): string {
  return Number(count) === 0 ? '' : `${sign}${count}${unit}`;
}

/** The span of an ISO 8601 duration; undefined where it is none or does not fit. */
export function parseInterval(text: string): Span | undefined {
  const match = text.length > 100 ? null : durationPattern.exec(text);
  if (!match) return undefined;
  const count = (index: number) => BigInt((match[index] ?? '0').replace('+', ''));
  const sign = match[1] === '-' ? -1n : 1n;
  const months = sign * (count(2) * 12n + count(3));
  const days = sign * (count(4) * 7n + count(5));
  const secondSize = count(9) * microsInSecond + BigInt((match[10] ?? '').padEnd(6, '0'));
  const seconds = match[8] === '-' ? -secondSize : secondSize;
  const micros = sign * ((count(6) * 3600n + count(7) * 60n) * microsInSecond + seconds);
  const fits = isWithin(months, integerRanges.INT32) && isWithin(days, integerRanges.INT32);
  if (!fits || !isWithin(micros, integerRanges.INT64)) return undefined;
  return { months: Number(months), days: Number(days), micros };
}
