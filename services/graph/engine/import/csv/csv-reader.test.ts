import { describe, expect, test } from 'vitest';
import { fc } from '../../../../mesh/properties.testing.ts';
import { RefusalList } from '../refusals.ts';
import { CsvReader } from './csv-reader.ts';

const plain = { delimiter: ',', quote: '"', escape: '"', header: false };

/** The rows of a file as `line:field|field`, and what was refused as `line:reason`. */
function read(chunks: readonly (string | Uint8Array)[], fields: number, dialect = plain) {
  const rows: string[] = [];
  const refused = new RefusalList();
  let row: string[] = [];
  const cell = {
    put: (bytes: Buffer, start: number, end: number) => {
      row.push(bytes.toString('utf8', start, end));
      return undefined;
    },
  };
  const sink = {
    endRow: (line: number) => {
      rows.push(`${line}:${row.join('|')}`);
      row = [];
    },
    refuse: (line: number, _column: number | undefined, reason: string) => refused.add(line, '', reason),
  };
  const reader = new CsvReader(dialect, Array(fields).fill(cell), sink);
  let pending = Buffer.alloc(0);
  for (const chunk of chunks) {
    pending = Buffer.concat([pending, Buffer.from(chunk as string)]);
    pending = pending.subarray(reader.read(pending, false));
  }
  expect(reader.read(pending, true)).toBe(pending.length);
  return { rows, refused: refused.refusals.map(({ line, reason }) => `${line}:${reason}`) };
}

describe('CsvReader', () => {
  test.each([
    ['a,b\nc,d\n', ['1:a|b', '2:c|d']],
    ['a,b\r\nc,d', ['1:a|b', '2:c|d']],
    ['a,b\rc,d\r', ['1:a|b', '2:c|d']],
    ['\n\na,b\n\n\nc,d\n\n', ['3:a|b', '6:c|d']],
    [',\n"",""\n', ['1:|', '2:|']],
    ['a,', ['1:a|']],
    ['"a\nb\n",c\nd,e\n', ['1:a\nb\n|c', '4:d|e']],
    ['"a\r\nb",c\nd,e\n', ['1:a\r\nb|c', '3:d|e']],
    ['"a ""b""",c\n', ['1:a "b"|c']],
    ['a "b" c,d\n', ['1:a "b" c|d']],
    ['"a","b"', ['1:a|b']],
    ['\ufeffa,b\n', ['1:a|b']],
    ['', []],
  ])('%j becomes %j', (text, expected) => {
    expect(read([text], 2)).toEqual({ rows: expected, refused: [] });
  });

  test('leaves out the header and counts its lines', () => {
    expect(read(['"x\ny",z\na,b\n'], 2, { ...plain, header: true }).rows).toEqual(['3:a|b']);
  });

  test('takes a quoted empty field for a record, an empty line for none', () => {
    expect(read(['""\n\nx\n'], 1).rows).toEqual(['1:', '3:x']);
  });

  test('reads other delimiters, quotes and escapes', () => {
    const dialect = { delimiter: '|', quote: "'", escape: '\\', header: false };
    const text = "'it\\'s'|a,\"b\"\n'\\\\'|'\\n'\n";
    expect(read([text], 2, dialect).rows).toEqual(['1:it\'s|a,"b"', '2:\\|\\n']);
  });

  test('does not mind where the file is cut into chunks', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é', '😀', ' ') });
    const records = fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 5 });
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(records, lineEnd, fc.array(fc.nat({ max: 60 })), (written, end, cuts) => {
        const text = written
          .map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(','))
          .join(end);
        const bytes = new TextEncoder().encode(text);
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((stop, index) => bytes.subarray(at[index], stop));
        const whole = read([bytes], 3);
        expect(read(chunks, 3)).toEqual(whole);
        expect(whole.refused).toEqual([]);
        expect(whole.rows.map((row) => row.replace(/^\d+:/, ''))).toEqual(
          written.map((row) => row.join('|')),
        );
      }),
    );
  });

  test('reads anything to its end, wherever it is cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\\'), maxLength: 40 });
    const dialects = [plain, { ...plain, escape: '\\' }];
    fc.assert(
      fc.property(text, fc.constantFrom(...dialects), fc.nat({ max: 40 }), (source, dialect, cut) => {
        expect(read([source.slice(0, cut), source.slice(cut)], 2, dialect)).toEqual(
          read([source], 2, dialect),
        );
      }),
    );
  });

  test.each([
    ['a,b\nc\nd,e\n', ['1:a|b', '3:d|e'], ['2:expected 2 values, got 1']],
    ['a,b\nc,d,e\n', ['1:a|b'], ['2:expected 2 values, got 3']],
    ['a,b\n"c,d\n\n\n', ['1:a|b'], ['2:a quoted field is never closed']],
    ['a,b\n"c"d,e\nf,g\n', ['1:a|b', '3:f|g'], ['2:something follows the closing quote of a field']],
  ])('tells all that is wrong with %j', (text, rows, refused) => {
    expect(read([text], 2)).toEqual({ rows, refused });
  });

  test.each([
    ['a NUL', Buffer.from('a,b\nc,d\0\n'), '2:a field holds a NUL byte'],
    ['what is not UTF-8', Buffer.from([97, 44, 98, 10, 99, 44, 0xff]), '2:a field is not valid UTF-8'],
  ])('refuses %s', (_, bytes, reason) => {
    expect(read([bytes], 2).refused).toEqual([reason]);
  });
});
