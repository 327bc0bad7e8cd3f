import type { Api } from './api.ts';

/** Every page of a list, one after the other. */
export async function listAll<T>(api: Api, path: string, field: string): Promise<readonly T[]> {
  const all: T[] = [];
  let pageToken = '';
  do {
    const query = new URLSearchParams({ pageSize: '1000', ...(pageToken && { pageToken }) });
    const page = await api.call<Record<string, unknown>>('GET', `${path}?${query}`);
    all.push(...((page[field] ?? []) as readonly T[]));
    pageToken = String(page.nextPageToken ?? '');
  } while (pageToken !== '');
  return all;
}
