import { describe, expect, test } from 'vitest';
import { fc } from '../../../../mesh/properties.testing.ts';
import { type Json, JsonInvalid, JsonNumber, parseJsonLine } from './parse-json-line.ts';

function toPlain(json: Json): unknown {
  if (json instanceof JsonNumber) return Number(json.source);
  if (json instanceof Map) {
    return Object.fromEntries([...json].map(([name, value]: [string, Json]) => [name, toPlain(value)]));
  }
  return Array.isArray(json) ? json.map(toPlain) : json;
}

describe('parseJsonLine', () => {
  test('reads what JSON.parse reads', () => {
    const object = fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      fc.jsonValue({ maxDepth: 4 }),
    );
    fc.assert(
      fc.property(object, fc.constantFrom(0, 1), (value, indent) => {
        const line = JSON.stringify(value, null, indent).replaceAll('\n', ' ');
        expect(toPlain(parseJsonLine(line))).toEqual(JSON.parse(line));
      }),
    );
  });

  test('refuses what JSON.parse refuses, and never fails otherwise', () => {
    const unit = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '1',
      '.',
      'e',
      '-',
      '\\',
      'u',
      ' ',
      'a',
      'null',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
        let parsed: unknown;
        try {
          parsed = toPlain(parseJsonLine(`{"k":${text}}`));
        } catch (error) {
          expect(error).toBeInstanceOf(JsonInvalid);
          return;
        }
        expect(JSON.parse(`{"k":${text}}`)).toEqual(parsed);
      }),
      { numRuns: 2_000 },
    );
  });

  test('keeps every digit', () => {
    const { source } = parseJsonLine('{"a":-9223372036854775808.10e+0}').get('a') as JsonNumber;
    expect(source).toBe('-9223372036854775808.10e+0');
  });

  test.each([
    ['{"a":1,"a":2}', 'stands twice'],
    ['{"a":1} x', 'follows'],
    ['[1]', 'not a JSON object'],
    ['{"a":01}', 'comma'],
    ['{"a":"\t"}', 'not closed'],
    [`{"a":${'['.repeat(40)}`, 'nested deeper'],
    ['{"a":tru}', 'a value is expected at character 6'],
  ])('%j: %s', (line, message) => {
    expect(() => parseJsonLine(line)).toThrow(message);
  });
});
