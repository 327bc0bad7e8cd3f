import { describe, expect, test } from 'vitest';
import { leaf, parseEngineType, toTypeText } from './engine-type.ts';

describe('a type as the engine writes it', () => {
  test.each([
    'INT64',
    'DECIMAL(18, 3)',
    'INT64[3]',
    'STRING[][]',
    'FLOAT[2][]',
    'MAP(INT64, STRING)',
    'STRUCT(a INT64, b TIMESTAMP[])',
    'STRUCT(a DECIMAL(5, 2), b STRUCT(c MAP(UUID, UNION(x BLOB, y DATE[]))))[]',
  ])('is read and written alike: %s', (text) => {
    const type = parseEngineType(text);
    expect(type && toTypeText(type)).toBe(text);
  });

  test('may have field names with blanks, which no cast can say', () => {
    const type = parseEngineType('STRUCT(a b INT64, end STRING)');
    expect(type).toEqual({
      kind: 'struct',
      fields: [
        { name: 'a b', type: leaf('INT64') },
        { name: 'end', type: leaf('STRING') },
      ],
    });
    expect(type && toTypeText(type)).toBeUndefined();
  });

  test.each([
    '',
    'int64',
    'STRUCT()',
    'STRUCT(a)',
    'MAP(INT64)',
    'DECIMAL(x, 1)',
    'STRUCT(g, h INT64)',
    'POINTER',
    'STRUCT(a) INT64)',
  ])('is not guessed: %j', (text) => expect(parseEngineType(text)).toBeUndefined());
});
