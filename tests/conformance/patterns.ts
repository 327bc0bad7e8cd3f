import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mode } from './run.ts';

/** Which list of cases: those that must fail, or those in which the edge makes an error itself. */
export type ListName = 'known-failing' | 'edge-errors';

/** Where a list is kept; the suite reads it as well. */
export function listPath(mode: Mode, list: ListName): string {
  return join(import.meta.dirname, `${mode}-${list}.txt`);
}

/** The patterns of a list: one a line, `#` before a comment. */
export async function readPatterns(mode: Mode, list: ListName): Promise<string[]> {
  const lines = (await readFile(listPath(mode, list), 'utf8')).split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}

/** True if a pattern means a case: `*` is any one part of its name, `**` any number of them, even none. */
export function matches(pattern: string, name: string): boolean {
  return matchParts(pattern.split('/'), name.split('/'));
}

function matchParts(pattern: readonly string[], name: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return name.length === 0;
  if (first === '**') return name.some((_, i) => matchParts(rest, name.slice(i))) || matchParts(rest, []);
  return name.length > 0 && (first === '*' || first === name[0]) && matchParts(rest, name.slice(1));
}
