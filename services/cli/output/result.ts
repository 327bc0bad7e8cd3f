import { toNumber } from '../api/exact-json.ts';
import type { Column, ResultEnd, ResultLine, Row } from '../api/result.ts';
import type { Cli } from '../cli.ts';
import { write } from '../terminal.ts';
import { escapeJsonControls } from './escape.ts';
import { note, toJsonText } from './show.ts';
import { toTable } from './table.ts';

type Lines = AsyncIterable<ResultLine>;

/** Writes each line of a result as it came, an error's line too. */
export async function writeLines({ terminal }: Cli, lines: Lines): Promise<void> {
  for await (const { text } of lines) await write(terminal.stdout, `${escapeJsonControls(text)}\n`);
}

/**
 * Writes a result as one JSON document in the form of Query's answer, while it comes. Where it fails on the way, the
 * document is left without its end, so that nobody takes it for whole.
 */
export async function writeDocument({ terminal }: Cli, lines: Lines): Promise<void> {
  let separator = '\n';
  for await (const { columns, rows, done } of lines) {
    let text = columns ? `{"columns":${toJsonText(columns).trimEnd()},"rows":[` : '';
    for (const row of rows ?? []) {
      text += separator + toJsonText(row).trimEnd();
      separator = ',\n';
    }
    if (done) text += `\n],${toJsonText(done).slice(1)}`;
    await write(terminal.stdout, text);
  }
}

/** Writes a result as one table. Its rows are held until the end: the caller bounds them. */
export async function writeTable(cli: Cli, lines: Lines): Promise<ResultEnd | undefined> {
  const all: Row[] = [];
  let names: readonly Column[] = [];
  let end: ResultEnd | undefined;
  for await (const { columns, rows, done } of lines) {
    names = columns ?? names;
    for (const row of rows ?? []) all.push(row);
    end = done;
  }
  await write(cli.terminal.stdout, toResultTable(names, all));
  return end;
}

/** The rows as a table with the names of the columns. */
export function toResultTable(columns: readonly Column[], rows: readonly Row[]): string {
  return toTable(
    columns.map(({ name }) => name),
    rows,
  );
}

/** Says how many rows came, how long it took and what was read. */
export async function noteEnd(cli: Cli, end: ResultEnd): Promise<void> {
  await note(cli, `${toSummary(end.rowCount, end.elapsedMs)}, revision ${end.revision}`);
}

/** "2 rows in 1.3 ms". */
export function toSummary(rowCount: number, elapsedMs: number): string {
  return `${rowCount} ${rowCount === 1 ? 'row' : 'rows'} in ${toNumber(elapsedMs).toFixed(1)} ms`;
}
