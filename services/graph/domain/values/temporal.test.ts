import { describe, expect, test } from 'vitest';
import { Timestamp_Precision } from '../../../../gen/trellis/graph/v1/value_pb.js';
import { fc } from '../../../mesh/properties.testing.ts';
import { formatDate, formatTimestamp, parseDate, parseInterval, parseTimestamp } from './temporal.ts';

describe('dates and timestamps', () => {
  test('every day from the year 1 to 9999 comes back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (days) => {
        expect(parseDate(formatDate(days) ?? '')).toBe(days);
        expect(formatDate(days)).toBe(
          new Date(days * 86_400_000).toISOString().slice(0, 10).replace('+0', ''),
        );
      }),
    );
  });

  test('every microsecond of those years comes back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }), (micros) => {
        const text = formatTimestamp(micros, Timestamp_Precision.MICROSECONDS) ?? '';
        expect(parseTimestamp(text, Timestamp_Precision.MICROSECONDS)).toBe(micros);
      }),
    );
  });

  test('years before the first and after 9999 are read but not written', () => {
    expect(parseDate('0222-09-04 (BC)')).toBe(-800_000);
    expect(parseDate('5881580-07-11')).toBe(2_147_483_647);
    expect(parseDate('5877642-06-23 (BC)')).toBe(-2_147_483_648);
    expect(formatDate(-800_000)).toBeUndefined();
    expect(formatDate(2_932_897)).toBeUndefined();
    expect(formatTimestamp(2n ** 63n - 1n, Timestamp_Precision.MICROSECONDS)).toBeUndefined();
    expect(parseTimestamp('290309-12-21 (BC) 19:59:05.2242', Timestamp_Precision.MICROSECONDS)).toBe(
      -9_223_372_036_854_775_800n,
    );
  });

  test('nothing is cut off', () => {
    expect(formatTimestamp(1n, Timestamp_Precision.NANOSECONDS)).toBeUndefined();
    expect(parseTimestamp('1970-01-01 00:00:00.5', Timestamp_Precision.SECONDS)).toBeUndefined();
    expect(parseTimestamp('1970-01-01 00:00:00+02', Timestamp_Precision.MICROSECONDS)).toBeUndefined();
    expect(parseTimestamp('today', Timestamp_Precision.MICROSECONDS)).toBeUndefined();
  });
});

describe('intervals', () => {
  test.each([
    ['00:00:00', { months: 0, days: 0, micros: 0n }],
    ['1 year 2 months -3 days -01:00:00.000001', { months: 14, days: -3, micros: -3_600_000_001n }],
    ['-5 months', { months: -5, days: 0, micros: 0n }],
    ['1 day', { months: 0, days: 1, micros: 0n }],
    [
      '178956970 years 7 months 2147483647 days 2562047788:00:54.775807',
      { months: 2_147_483_647, days: 2_147_483_647, micros: 2n ** 63n - 1n },
    ],
  ])('%s', (text, expected) => expect(parseInterval(text)).toEqual(expected));

  test('other texts are not guessed', () => {
    expect(['', 'soon', '1 fortnight', '1:2:3'].map(parseInterval)).toEqual(Array(4).fill(undefined));
  });
});
