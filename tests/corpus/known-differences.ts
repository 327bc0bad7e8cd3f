import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A statement whose result differs, with the reason. */
export interface KnownDifference {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** The list beside: `file:line reason`, with `#` before a comment. */
export function readKnownDifferences(): KnownDifference[] {
  const text = readFileSync(join(import.meta.dirname, 'known-differences.txt'), 'utf8');
  return parseKnownDifferences(text);
}

/** Reads the list; throws at a line that is not of its form. */
export function parseKnownDifferences(text: string): KnownDifference[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, file = '', number = '', reason = ''] = /^(\S+):(\d+)\s+(\S.*)$/.exec(line) ?? [];
      if (file === '') throw new Error(`no known difference: ${line}`);
      return { file, line: Number(number), reason };
    });
}
