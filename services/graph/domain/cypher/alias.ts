import { tokenize } from './tokenize.ts';

/** Writes a column name as a backticked alias; undefined if the language cannot spell it. */
export function toAlias(name: string): string | undefined {
  const alias = `\`${name}\``;
  const isSpelled =
    name !== '' && name.isWellFormed() && !name.includes('\0') && /^(?:`[^`]*`)+$/.test(alias);
  return isSpelled && tokenize(alias).length === 1 ? alias : undefined;
}
