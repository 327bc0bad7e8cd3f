import Table from 'cli-table3';
import { isExactNumber } from '../api/exact-json.ts';
import { escapeControls } from './escape.ts';

/** A table with a line of names. A cell is shown as text where it is one, else as JSON. */
export function toTable(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const table = new Table({
    head: names.map(escapeControls),
    style: { head: [], border: [], compact: true },
    colAligns: names.map((_, column) => (isNumeric(rows, column) ? 'right' : 'left')),
  });
  for (const row of rows) table.push(row.map(toCell));
  return `${table.toString()}\n`;
}

function toCell(value: unknown): string {
  if (value === undefined) return '';
  return escapeControls(typeof value === 'string' ? value : value === null ? 'NULL' : JSON.stringify(value));
}

function isNumeric(rows: readonly (readonly unknown[])[], column: number): boolean {
  const values = rows.map((row) => row[column]).filter((value) => value !== null && value !== undefined);
  return values.length > 0 && values.every(isExactNumber);
}
