import type { Cli } from '../cli.ts';
import { write } from '../terminal.ts';
import { escapeControls, escapeJsonControls } from './escape.ts';

/** How results are written. */
export const formats = ['table', 'json', 'ndjson'] as const;
export type Format = (typeof formats)[number];

/** The format that was asked for; else a table for people, JSON for programs. */
export function chosenFormat({ terminal, options }: Cli): Format {
  return options().output ?? (terminal.stdout.isTTY ? 'table' : 'json');
}

/** Writes an answer: for people as `toText` says, for programs as one JSON document. */
export async function show(cli: Cli, document: unknown, toText: () => string): Promise<void> {
  const format = chosenFormat(cli);
  const indent = format === 'json' ? 2 : 0;
  const text = format === 'table' ? toText() : toJsonText(document, indent);
  await write(cli.terminal.stdout, text);
}

/** JSON with an end of line. */
export function toJsonText(document: unknown, indent = 0): string {
  return `${escapeJsonControls(JSON.stringify(document, undefined, indent))}\n`;
}

/** A remark for people, beside the result. */
export async function note({ terminal }: Cli, text: string): Promise<void> {
  await write(terminal.stderr, `${escapeControls(text)}\n`);
}
