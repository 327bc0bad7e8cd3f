/** How a CSV file is written and what it is loaded between. */
export interface ImportOptions {
  readonly header?: boolean;
  readonly delimiter?: string;
  readonly quote?: string;
  readonly escape?: string;
  readonly fromLabel?: string;
  readonly toLabel?: string;
  /** By which the import's progress is found. */
  readonly importId?: string;
}

/** The path of an import, with how the file is written as its query. */
export function importPath(graph: string, table: string, options: ImportOptions): string {
  const given = {
    'csv.header': options.header ? 'true' : undefined,
    'csv.delimiter': options.delimiter,
    'csv.quote': options.quote,
    'csv.escape': options.escape,
    fromLabel: options.fromLabel,
    toLabel: options.toLabel,
    importId: options.importId,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) query.set(name, value);
  }
  const path = `/v1/graphs/${encodeURIComponent(graph)}/tables/${encodeURIComponent(table)}/import`;
  return query.size > 0 ? `${path}?${query}` : path;
}

/** The path of the progress of an import. */
export function progressPath(graph: string, importId: string): string {
  return `/v1/graphs/${encodeURIComponent(graph)}/imports/${encodeURIComponent(importId)}/progress`;
}
