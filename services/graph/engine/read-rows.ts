import type { EngineTransaction, RawRow } from './graph-engine.ts';

/** Runs a statement of our own and reads its result, up to so many rows. Throws EngineFailure. */
export async function readRows(
  transaction: EngineTransaction,
  statement: string,
  rowsMax: number,
): Promise<RawRow[]> {
  const result = await transaction.run(statement);
  try {
    return result.read(rowsMax);
  } finally {
    result.close();
  }
}
