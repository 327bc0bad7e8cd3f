import { describe, expect, test } from 'vitest';
import { fc } from '../../../mesh/properties.testing.ts';
import { decimalFromDouble, decimalShape, parseDecimal } from './decimal.ts';

/** As the engine writes them (DecimalType::insertDecimalPoint, 0.11.3). */
function engineText(unscaled: bigint, scale: number): string {
  const value = String(unscaled);
  if (scale === 0) return value;
  if (scale > value.length) return `0.${'0'.repeat(scale - value.length)}${value}`;
  const whole = value.slice(0, value.length - scale);
  return `${whole === '' || whole === '-' ? `${whole}0` : whole}.${value.slice(value.length - scale)}`;
}

describe('decimals', () => {
  test('are read from what the engine writes, also where it writes them wrongly', () => {
    expect(engineText(-5n, 2)).toBe('0.-5');
    expect(parseDecimal('0.-5', 2)).toBe('-0.05');
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
        fc.nat({ max: 38 }),
        (unscaled, scale) => {
          const digits = parseDecimal(engineText(unscaled, scale), scale) ?? '';
          expect(BigInt(digits.replace('.', ''))).toBe(unscaled);
          expect(digits.split('.')[1]?.length ?? 0).toBe(scale);
        },
      ),
    );
    expect(parseDecimal('NaN', 2)).toBeUndefined();
  });

  test('are recovered from a double up to 15 digits, and not beyond', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 15n) + 1n, max: 10n ** 15n - 1n }),
        fc.nat({ max: 15 }),
        (unscaled, scale) => {
          const digits = parseDecimal(engineText(unscaled, scale), scale) ?? '';
          expect(decimalFromDouble(Number(digits), 15, scale)).toBe(digits);
        },
      ),
    );
    expect(decimalFromDouble(1, 16, 0)).toBeUndefined();
    expect(decimalFromDouble(Number.NaN, 10, 2)).toBeUndefined();
  });

  test('tell the type that holds them', () => {
    expect(decimalShape('-0.05')).toEqual({ precision: 2, scale: 2 });
    expect(decimalShape('0012')).toEqual({ precision: 2, scale: 0 });
    expect(decimalShape('1e5')).toBeUndefined();
    expect(decimalShape('1'.repeat(39))).toBeUndefined();
  });
});
