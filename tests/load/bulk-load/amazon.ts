import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const directory = join(
  dirname(createRequire(import.meta.url).resolve('kuzu')),
  'kuzu-source/dataset/snap/amazon0601/csv',
);

/** SNAP's amazon0601, as it ships inside the engine's package: tab-separated, without a header. */
export const amazonFiles = [
  { table: 'account', path: join(directory, 'amazon-nodes.csv'), rows: 403_394 },
  { table: 'follows', path: join(directory, 'amazon-edges.csv'), rows: 3_387_388 },
] as const;

export const amazonSchema = [
  'CREATE NODE TABLE account(ID INT64 PRIMARY KEY)',
  'CREATE REL TABLE follows(FROM account TO account)',
];

/** Seconds, by the table that they were spent on. */
export type Times = Readonly<Record<string, number>>;

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1_000;
}
