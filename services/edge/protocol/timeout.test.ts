import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../mesh/framing/testing.ts';
import { RpcError } from '../../mesh/rpc/error.ts';
import { parseGrpcTimeout } from '../../mesh/rpc/grpc-timeout.ts';
import { parseConnectTimeout, parseRestTimeout } from './timeout.ts';

describe('grpc-timeout', () => {
  it.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3_000],
    ['4m', 4],
    ['5000u', 5],
    ['6000000n', 6],
    ['0S', 0],
    ['99999999H', 99_999_999 * 3_600_000],
    ['00000001S', 1_000],
  ])('%s is %d ms', (text, expected) => {
    expect(parseGrpcTimeout(text)).toBeCloseTo(expected, 6);
  });

  it.each([
    '',
    '1',
    'S',
    '1s',
    '1h',
    '-1S',
    '+1S',
    '1.5S',
    '1e3S',
    '0x1S',
    ' 1S',
    '1S ',
    '1 S',
    '1SS',
    '123456789S',
    '١S',
    '1S\n',
  ])('%o is refused', (text) => {
    expect(reasonOf(() => parseGrpcTimeout(text))).toBe('INVALID_REQUEST');
  });
});

describe('connect-timeout-ms', () => {
  it.each([
    ['0', 0],
    ['1500', 1_500],
    ['9999999999', 9_999_999_999],
  ])('%s is %d ms', (text, expected) => {
    expect(parseConnectTimeout(text)).toBe(expected);
  });

  it.each(['', '-1', '+1', '1.5', '1e3', '0x1', ' 1', '1 ', '1ms', '12345678901', 'NaN'])(
    '%o is refused',
    (text) => {
      expect(reasonOf(() => parseConnectTimeout(text))).toBe('INVALID_REQUEST');
    },
  );
});

describe('X-Request-Timeout', () => {
  it.each([
    ['30', 30_000],
    ['0.5', 500],
    ['0.001', 1],
    ['999999', 999_999_000],
  ])('%s is %d ms', (text, expected) => {
    expect(parseRestTimeout(text)).toBe(expected);
  });

  it.each(['', '-1', '.5', '5.', '1e3', '0.0001', '1234567', '5s', ' 5'])('%o is refused', (text) => {
    expect(reasonOf(() => parseRestTimeout(text))).toBe('INVALID_REQUEST');
  });
});

it('a refusal names the field', () => {
  const fields = [parseGrpcTimeout, parseConnectTimeout, parseRestTimeout].map((parse) => {
    try {
      parse('x');
    } catch (error) {
      return error instanceof RpcError ? error.message.split(' ', 1)[0] : undefined;
    }
    return undefined;
  });
  expect(fields).toEqual(['grpc-timeout', 'connect-timeout-ms', 'X-Request-Timeout']);
});
