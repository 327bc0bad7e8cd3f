/** One cell of a table; null is NULL. */
export type Cell = string | number | boolean | null | readonly (string | number)[];

/** A CSV file (RFC 4180) with a first line of column names. Lists are written as the engine reads them: `[a,b]`. */
export function toCsv(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [columns, ...rows].map((cells) => cells.map(toField).join(','));
  return `${lines.join('\n')}\n`;
}

function toField(cell: Cell): string {
  if (cell === null) return '';
  const text = typeof cell === 'object' ? toList(cell) : String(cell);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// The engine knows no escape within a list, and an apostrophe may hide the comma after it: what would come back
// otherwise than it was is refused.
function toList(elements: readonly (string | number)[]): string {
  const unsafe = elements.length > 1 ? /^\s|\s$|^$|[[\]{},"'\\\r\n]/ : /^\s|\s$|^$|[[\]{},"\\\r\n]/;
  const refused = elements.find((element) => unsafe.test(String(element)));
  if (refused !== undefined) throw new Error(`a list cannot hold ${JSON.stringify(refused)}`);
  return `[${elements.join(',')}]`;
}
