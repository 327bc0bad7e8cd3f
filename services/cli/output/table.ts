import Table from 'cli-table3';
import { escapeControls } from './escape.ts';

/** A table with a line of names. A cell is shown as text where it is one, else as JSON. */
export function toTable(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const table = new Table({
    head: names.map(escapeControls),
    style: { head: [], border: [], compact: true },
    colAligns: names.map((_, column) => (isNumeric(rows, column) ? 'right' : 'left')),
  });
  table.push(...rows.map((row) => row.map(toCell)));
  return `${table.toString()}\n`;
}

function toCell(value: unknown): string {
  if (value === undefined) return '';
  return escapeControls(typeof value === 'string' ? value : value === null ? 'NULL' : JSON.stringify(value));
}

function isNumeric(rows: readonly (readonly unknown[])[], column: number): boolean {
  return rows.some((row) => typeof row[column] === 'number') && rows.every((row) => !isText(row[column]));
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean';
}
