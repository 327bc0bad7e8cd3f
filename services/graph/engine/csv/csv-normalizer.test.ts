import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvNormalizer, CsvRowInvalid } from './csv-normalizer.ts';

const plain = { delimiter: ',', quote: '"', escape: '"', header: false };

function normalize(chunks: (string | Uint8Array)[], fields: number, dialect = plain): string {
  const normalizer = new CsvNormalizer(dialect, fields);
  const parts = chunks.map((chunk) =>
    normalizer.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk),
  );
  return Buffer.concat([...parts, normalizer.end()]).toString();
}

function invalid(text: string | Uint8Array, fields: number, dialect = plain): CsvRowInvalid {
  try {
    normalize([text], fields, dialect);
  } catch (error) {
    if (error instanceof CsvRowInvalid) return error;
    throw error;
  }
  throw new Error('the text is valid');
}

describe('CsvNormalizer', () => {
  test.each([
    ['a,b\nc,d\n', '1,a,b\n2,c,d\n'],
    ['a,b\r\nc,d', '1,a,b\n2,c,d\n'],
    ['a,b\rc,d\r', '1,a,b\n2,c,d\n'],
    ['\n\na,b\n\n\nc,d\n\n', '3,a,b\n6,c,d\n'],
    [',\n"",""\n', '1,,\n2,,\n'],
    ['"a\nb\n",c\nd,e\n', '1,"a\nb\n",c\n4,d,e\n'],
    ['"a\r\nb",c\nd,e\n', '1,"a\r\nb",c\n3,d,e\n'],
    ['"a ""b""",c\n', '1,"a ""b""",c\n'],
    ['a "b" c,d\n', '1,"a ""b"" c",d\n'],
    ['\ufeffa,b\n', '1,a,b\n'],
    ['', ''],
  ])('%j becomes %j', (text, expected) => {
    expect(normalize([text], 2)).toBe(expected);
  });

  test('leaves out the header and counts its lines', () => {
    expect(normalize(['"x\ny",z\na,b\n'], 2, { ...plain, header: true })).toBe('3,a,b\n');
  });

  test('reads other delimiters, quotes and escapes', () => {
    const dialect = { delimiter: '|', quote: "'", escape: '\\', header: false };
    expect(normalize(["'it\\'s'|a,\"b\"\n'\\\\'|'\\n'\n"], 2, dialect)).toBe('1,it\'s,"a,""b"""\n2,\\,\\n\n');
  });

  test('does not mind where the file is cut into chunks', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é', '😀', ' ') });
    const records = fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(records, fc.array(fc.nat({ max: 60 })), (rows, cuts) => {
        const text = rows
          .map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(','))
          .join('\n');
        const bytes = new TextEncoder().encode(text);
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(normalize(chunks, 3)).toBe(normalize([bytes], 3));
        const values = normalize([bytes], 3);
        for (const row of rows)
          for (const value of row) expect(values).toContain(value.replaceAll('"', '""'));
      }),
    );
  });

  test.each([
    ['a,b\nc\n', 2, 'expected 2 values, got 1'],
    ['a,b\nc,d,e\n', 2, 'expected 2 values, got 3'],
    ['a,b\n"c,d\n\n\n', 2, 'never closed'],
    ['a,"b\nc"\n\n"d"e,f\n', 4, 'follows the closing quote'],
    ['a,b\0\n', 1, 'NUL'],
  ])('%j is invalid at line %i', (text, line, message) => {
    const error = invalid(text, 2);
    expect(error.line).toBe(line);
    expect(error.message).toContain(message);
  });

  test('refuses what is not UTF-8', () => {
    expect(invalid(new Uint8Array([97, 44, 98, 10, 99, 44, 0xff]), 2)).toMatchObject({ line: 2 });
  });
});
