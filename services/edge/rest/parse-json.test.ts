import { describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { fc } from '../../mesh/properties.testing.ts';
import { RpcError } from '../../mesh/rpc/error.ts';
import { JsonNumber, toPlain } from './json-tree.ts';
import { parseJson } from './parse-json.ts';

function parse(text: string) {
  return parseJson(Buffer.from(text));
}

function failure(body: string | Uint8Array): string {
  try {
    parseJson(typeof body === 'string' ? Buffer.from(body) : body);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(RpcError);
    expect((thrown as RpcError).reason).toBe(ErrorReason.MALFORMED_BODY);
    return (thrown as RpcError).message;
  }
  throw new Error('parsed');
}

describe('parseJson', () => {
  it('reads what JSON.parse reads, for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(toPlain(parse(text))).toEqual(JSON.parse(text));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('refuses exactly what JSON.parse refuses, for texts that are nearly JSON', () => {
    const piece = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"a"', '"b\\n"', '"\\x"', '1', '-', '0', '.5', 'e1', 'true', 'null'],
      ...['nul', ' ', '\n', '"', '\\', '\u0001', '\u00a0', '1.', '01', '-0', '1e400'],
    );
    const isJson = (read: () => unknown) => {
      try {
        read();
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
        const text = pieces.join('');
        const mine = isJson(() => parse(text));
        const hasDuplicate = !mine && failure(text).includes('occurs twice');
        expect(mine || hasDuplicate).toBe(isJson(() => JSON.parse(text)));
      }),
      { seed: 2, numRuns: 3000 },
    );
  });

  it('reads or refuses any bytes as MALFORMED_BODY', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          parseJson(bytes);
        } catch (thrown) {
          expect((thrown as RpcError).reason).toBe(ErrorReason.MALFORMED_BODY);
        }
      }),
      { seed: 3, numRuns: 1000 },
    );
  });

  it('keeps every digit of a number', () => {
    expect(parse('12345678901234567890.10e+2')).toEqual(new JsonNumber('12345678901234567890.10e+2'));
  });

  it('keeps members named __proto__ and constructor', () => {
    const value = toPlain(parse('{"__proto__":{"a":1},"constructor":2}')) as object;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it.each([
    ['{"a":1,"a":2}', 'the name "a" occurs twice in one object (line 1, column 8)'],
    ['{"a":1,"\\u0061":2}', 'the name "a" occurs twice in one object (line 1, column 8)'],
    ['{"a":1}\n x', 'nothing is expected after the JSON value (line 2, column 2)'],
    ['{"a":', 'the JSON ends too early (line 1, column 6)'],
    ['', 'the JSON ends too early (line 1, column 1)'],
    ['{a:1}', 'a name in double quotes is expected (line 1, column 2)'],
    ['[1 2]', '"," or "]" is expected (line 1, column 4)'],
    ['[01]', 'this is not a JSON number (line 1, column 2)'],
    ['NaN', 'a JSON value is expected (line 1, column 1)'],
    ['"\\ud800"', 'a string has half of a surrogate pair (line 1, column 1)'],
    ['"\\q"', 'a string has an escape that JSON does not know (line 1, column 1)'],
    ['"a\tb"', 'a control character in a string must be escaped (line 1, column 3)'],
    ['"abc', 'a string is never closed (line 1, column 1)'],
  ])('%j is refused: %s', (text, message) => {
    expect(failure(text)).toBe(message);
  });

  it('refuses broken UTF-8', () => {
    expect(failure(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toBe('the body is not UTF-8');
    expect(failure(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toBe('the body is not UTF-8');
  });

  it('takes 100 levels and refuses 101, also where there are a million', () => {
    expect(() => parse('['.repeat(100) + ']'.repeat(100))).not.toThrow();
    expect(failure('['.repeat(101) + ']'.repeat(101))).toMatch(/deeper than 100 levels/);
    expect(failure('[{"a":'.repeat(500_000))).toMatch(/deeper than 100 levels/);
  });
});
