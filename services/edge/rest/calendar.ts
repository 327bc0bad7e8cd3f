/** A day of the proleptic Gregorian calendar; year 0 is 1 BC. */
interface CivilDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const daysInEra = 146_097;
const datePattern = /^([+-]\d{6,12}|\d{4})-(\d{2})-(\d{2})$/;

/** Days since 1970-01-01 as `2020-01-02`; years outside 0 to 9999 have a sign and at least six digits. */
export function dateText(days: number): string {
  const { year, month, day } = toCivil(days);
  return `${yearText(year)}-${twoDigits(month)}-${twoDigits(day)}`;
}

/** Days since 1970-01-01 of what {@link dateText} writes; undefined where there is no such day. */
export function parseDate(text: string): number | undefined {
  const match = datePattern.exec(text);
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (match[1]?.startsWith('-') && year === 0) return undefined;
  const days = fromCivil({ year, month, day });
  const actual = toCivil(days);
  return actual.month === month && actual.day === day ? days : undefined;
}

/** The number with at least two digits. */
export function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : `${number}`;
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
}

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": civil_from_days and days_from_civil.
function toCivil(days: number): CivilDay {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / daysInEra);
  const dayOfEra = shifted - era * daysInEra;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function fromCivil({ year, month, day }: CivilDay): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * daysInEra + dayOfEra - 719_468;
}
