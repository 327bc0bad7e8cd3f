import { describe, expect, it } from 'vitest';
import { listTestFiles } from './corpus-files.ts';
import { parseKnownDifferences, readKnownDifferences } from './known-differences.ts';

describe('known differences', () => {
  it('are about files of the corpus, once each', () => {
    const names = new Set(listTestFiles());
    const all = readKnownDifferences();
    expect(all.filter(({ file }) => !names.has(file))).toEqual([]);
    expect(new Set(all.map(({ file, line }) => `${file}:${line}`)).size).toBe(all.length);
  });

  it('have a place and a reason', () => {
    expect(parseKnownDifferences('# why\n\na/b.test:7 too large\n')).toEqual([
      { file: 'a/b.test', line: 7, reason: 'too large' },
    ]);
    expect(() => parseKnownDifferences('a/b.test:7')).toThrow('a/b.test:7');
  });
});
