/** What WatchImport tells in REST, as far as tests look at it. */
export interface ImportNews {
  readonly stage: string;
  readonly bytesReceived?: string;
  readonly rowsRead?: number;
  readonly rowCount?: number;
  readonly revision?: string;
  readonly reason?: string;
  readonly refusedRows?: readonly {
    readonly line: number;
    readonly column?: string;
    readonly reason: string;
  }[];
}

/** Follows an import over a connection of its own, as lines of JSON or as server-sent events, to its end. */
export async function* watchImport(
  url: string,
  credential: string,
  path: { readonly graphId: string; readonly importId: string },
  accept: 'application/x-ndjson' | 'text/event-stream' = 'application/x-ndjson',
): AsyncGenerator<ImportNews> {
  const response = await fetch(`${url}/v1/graphs/${path.graphId}/imports/${path.importId}/progress`, {
    headers: { authorization: `Bearer ${credential}`, accept },
  });
  if (!response.ok || !response.body) throw new Error(`${response.status}: ${await response.text()}`);
  if (response.headers.get('content-type') !== accept) throw new Error('answered in another form');
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const json = accept === 'text/event-stream' ? /^data: (.*)$/.exec(line)?.[1] : line;
      if (!json) continue;
      const news = JSON.parse(json);
      if (news.error) throw new Error(news.error.message);
      yield news;
    }
  }
}

/** The last news of an import. */
export async function importEnd(...watched: Parameters<typeof watchImport>): Promise<ImportNews> {
  let last: ImportNews | undefined;
  for await (const news of watchImport(...watched)) last = news;
  if (!last) throw new Error('nothing was told of the import');
  return last;
}
