import { describe, expect, test } from 'vitest';
import { fc } from '../../../../mesh/properties.testing.ts';
import { parseDay, parseMomentNanos } from './parse-moment.ts';
import { parseExactDecimal, parseInteger, parseReal } from './parse-number.ts';
import { parseSpan } from './parse-span.ts';
import { parseUuid } from './parse-uuid.ts';

describe('parseDay', () => {
  test('reads every day that a calendar has', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (days) => {
        expect(parseDay(new Date(days * 86_400_000).toISOString().slice(0, 10))).toBe(days);
      }),
    );
  });

  test.each([
    ['2020-1-2', 18_263],
    ['2020/01/02', 18_263],
    ['2020\\1\\2', 18_263],
    ['2020 01 02', 18_263],
    ['2020-01/02', undefined],
    ['0000-01-01', -719_528],
    ['-000001-12-31', -719_529],
    ['10000-01-01', 2_932_897],
    ['2021-02-29', undefined],
    ['2020-13-01', undefined],
    ['20200102', undefined],
    ['', undefined],
  ])('%j', (text, days) => {
    expect(parseDay(text)).toBe(days);
  });
});

describe('parseMomentNanos', () => {
  test.each([
    ['1970-01-01', 0n],
    ['1970-01-01 00:00:01', 1_000_000_000n],
    ['1970-01-01T00:00:00.000000001Z', 1n],
    ['1969-12-31T23:59:59.999999Z', -1_000n],
    ['1970-01-01T02:00:00+02:00', 0n],
    ['1970-01-01 00:00:00-0130', 5_400_000_000_000n],
    ['1970-01-01 00:00:00Z+00:00', 0n],
    ['1970-01-01 00:00:00Z-01:30', 5_400_000_000_000n],
    ['1970-01-01 00:00:00.', 0n],
    ['1970-01-01 00:00:00.00000000100000', 1n],
    ['1970-01-01 00:00:00.00000000100001', undefined],
    ['1970-01-01 1:2:3', 3_723_000_000_000n],
    ['1970-01-01 24:00:00', undefined],
    ['1970-01-01 00:00:60', undefined],
    ['1970-01-01 00:00', undefined],
    ['1970-01-01T00:00:00+25:00', undefined],
  ])('%j', (text, nanos) => {
    expect(parseMomentNanos(text)).toBe(nanos);
  });
});

describe('numbers', () => {
  test.each([
    ['-128', 'INT8', -128n],
    ['128', 'INT8', undefined],
    ['-0', 'UINT8', 0n],
    ['-1', 'UINT8', undefined],
    ['007', 'INT64', undefined],
    ['-007', 'INT64', -7n],
    ['9223372036854775808', 'INT64', undefined],
    ['-170141183460469231731687303715884105728', 'INT128', -(2n ** 127n)],
    ['1e3', 'INT64', undefined],
  ])('%s as %s', (text, type, value) => {
    expect(parseInteger(text, type)).toBe(value);
  });

  test('a double is the nearest one, never infinity for a number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        expect(parseReal(String(value), false)).toBe(value + 0);
      }),
    );
    expect(parseReal('1e400', false)).toBeUndefined();
    expect(parseReal('1e39', true)).toBeUndefined();
    expect(parseReal('-inf', false)).toBe(Number.NEGATIVE_INFINITY);
    expect(parseReal('-nan', false)).toBeNaN();
    expect(parseReal('0x10', false)).toBeUndefined();
    expect(parseReal('', false)).toBeUndefined();
  });

  test('a long row of digits that ends in no number is refused at once', () => {
    expect(parseReal(`${'1'.repeat(1_000_000)}x`, false)).toBeUndefined();
  });

  test.each([
    ['1.50', '1.5'],
    ['-.5', '-0.5'],
    ['1.', '1'],
    ['00012.3400', '12.34'],
    ['99999999.99', '99999999.99'],
    ['100000000', undefined],
    ['1.005', undefined],
    ['1.2.3', undefined],
    ['.', undefined],
    ['1e3', undefined],
  ])('%s as DECIMAL(10, 2)', (text, digits) => {
    expect(parseExactDecimal(text, 10, 2)).toBe(digits);
  });
});

describe('parseSpan', () => {
  test.each([
    ['P1Y2M3DT4H5M6.5S', { months: 14n, days: 3n, micros: 14_706_500_000n }],
    ['-P1DT1S', { months: 0n, days: -1n, micros: -1_000_000n }],
    ['1 year 2 months 3 days 01:02:03.5', { months: 14n, days: 3n, micros: 3_723_500_000n }],
    ['3 days 2 hours', { months: 0n, days: 3n, micros: 7_200_000_000n }],
    ['5 us', { months: 0n, days: 0n, micros: 5n }],
    ['PT-9223372036854.775807S', { months: 0n, days: 0n, micros: -(2n ** 63n) + 1n }],
    ['PT-9223372036854.775808S', undefined],
    ['P', undefined],
    ['P99999999999M', undefined],
    ['1 fortnight', undefined],
    ['', undefined],
  ])('%j', (text, span) => {
    expect(parseSpan(text)).toEqual(span);
  });
});

describe('parseUuid', () => {
  const id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';
  test.each([
    [id, id],
    [id.toUpperCase(), id],
    [`{${id}}`, id],
    [id.replaceAll('-', ''), id],
    ['a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11', id],
    [id.slice(1), undefined],
    [`${id}0`, undefined],
    [`{${id}`, undefined],
    [id.replace('a', 'g'), undefined],
    ['', undefined],
  ])('%j', (text, expected) => {
    expect(parseUuid(text)).toBe(expected);
  });
});
