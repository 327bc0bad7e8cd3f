import { parseInterval } from '../../../domain/values/temporal.ts';

/** A span of time in units that do not convert into each other. */
export interface Span {
  readonly months: bigint;
  readonly days: bigint;
  readonly micros: bigint;
}

/** The engine does not survive writing this one. */
const enginesEnd = -(2n ** 63n);

const isoPattern =
  /^(-)?P(?=.)(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?(?:T(?=.)(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?)(\d+)(?:\.(\d{1,6}))?S)?)?$/;

const microsPerUnit = new Map([
  ['hour', 3_600_000_000n],
  ['minute', 60_000_000n],
  ['second', 1_000_000n],
  ['millisecond', 1_000n],
  ['microsecond', 1n],
  ['us', 1n],
]);

/** A span from ISO 8601 (`P1Y2M3DT4H5M6.5S`), from what the engine writes, or from `3 days 2 hours`. */
export function parseSpan(source: string): Span | undefined {
  if (source.length > 100) return undefined;
  const span = parseIso(source) ?? parseEngine(source) ?? parseWords(source);
  if (!span) return undefined;
  const { months, days, micros } = span;
  const fits =
    BigInt.asIntN(32, months) === months &&
    BigInt.asIntN(32, days) === days &&
    BigInt.asIntN(64, micros) === micros &&
    micros !== enginesEnd;
  return fits ? span : undefined;
}

function parseIso(source: string): Span | undefined {
  const match = isoPattern.exec(source);
  if (!match) return undefined;
  const count = (index: number) => BigInt((match[index] ?? '0').replace('+', ''));
  const sign = match[1] ? -1n : 1n;
  const second = count(9) * 1_000_000n + BigInt((match[10] ?? '').padEnd(6, '0'));
  const clock = (count(6) * 3_600n + count(7) * 60n) * 1_000_000n + (match[8] === '-' ? -second : second);
  return {
    months: sign * (count(2) * 12n + count(3)),
    days: sign * (count(4) * 7n + count(5)),
    micros: sign * clock,
  };
}

function parseEngine(source: string): Span | undefined {
  const span = parseInterval(source);
  if (!span || !Number.isSafeInteger(span.months) || !Number.isSafeInteger(span.days)) return undefined;
  return { months: BigInt(span.months), days: BigInt(span.days), micros: span.micros };
}

function parseWords(source: string): Span | undefined {
  if (!/^\d+ ?[a-z]+(?: \d+ ?[a-z]+)*$/i.test(source)) return undefined;
  let [months, days, micros] = [0n, 0n, 0n];
  for (const [, digits = '', word = ''] of source.matchAll(/(\d+) ?([a-z]+)/gi)) {
    const count = BigInt(digits);
    const unit = word.toLowerCase().replace(/(?<=..)s$/, '');
    const scale = microsPerUnit.get(unit);
    if (scale !== undefined) micros += count * scale;
    else if (unit === 'day') days += count;
    else if (unit === 'month') months += count;
    else if (unit === 'year') months += 12n * count;
    else return undefined;
  }
  return { months, days, micros };
}
