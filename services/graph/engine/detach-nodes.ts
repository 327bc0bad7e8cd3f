import { setImmediate } from 'node:timers/promises';
import { toAlias } from '../domain/cypher/alias.ts';
import { nodeColumns } from '../domain/cypher/detach-clause.ts';
import { EngineFailure } from './engine-failure.ts';
import { throwIfOver } from './engine-gate.ts';
import type { CallLimits, EngineResult, EngineTransaction } from './graph-engine.ts';
import type { GraphSchema } from './read-schema.ts';

/** Nodes, or combinations of them, that one statement may name to be deleted. */
export const detachedMax = 10_000_000;

/** Rows that are read between two turns of the event loop. */
const sliceRows = 512;

/** Nodes that one statement names one by one. */
const listedMax = 1_000;

/** The places of nodes in their tables, by label. */
export type NodesByLabel = ReadonlyMap<string, readonly number[]>;

/** Reads which nodes a statement named, with so many expressions. Throws EngineFailure. */
export async function readNodes(
  result: EngineResult,
  expressions: number,
  limits: CallLimits,
): Promise<NodesByLabel> {
  if (result.rowCount > detachedMax) {
    throw new EngineFailure('failed', `DETACH DELETE of more than ${detachedMax} nodes; delete a part first`);
  }
  const nodes = new Map<string, number[]>();
  const columns = Array.from({ length: expressions }, (_, index) => nodeColumns(index));
  for (let rows = result.read(sliceRows); rows.length > 0; rows = result.read(sliceRows)) {
    for (const row of rows) {
      for (const { label, offset } of columns) {
        // What an OPTIONAL MATCH did not find.
        if (row[offset] === null) continue;
        const known = nodes.get(String(row[label]));
        if (known) known.push(Number(row[offset]));
        else nodes.set(String(row[label]), [Number(row[offset])]);
      }
    }
    throwIfOver(limits);
    await setImmediate();
  }
  return nodes;
}

/**
 * Deletes nodes and their relationships, which are deleted before, one direction after the other: the engine's own
 * DETACH DELETE leaves some behind and cannot be replayed. A node that still had one would be refused by the engine.
 * Throws EngineFailure.
 */
export async function detachNodes(
  transaction: EngineTransaction,
  { nodeTables, relationshipTables }: GraphSchema,
  nodes: NodesByLabel,
): Promise<void> {
  const tables = [...nodes].map(([label, offsets]) => ({ label, places: toPlaces(offsets) }));
  const run = async (label: string, step: string, { first, last, listed }: Places, deleted: string) => {
    const within = 'offset(id(v)) >= $first AND offset(id(v)) <= $last';
    const condition = listed ? `${within} AND offset(id(v)) IN $listed` : within;
    const statement = `MATCH (v:${toAlias(label)})${step} WHERE ${condition} DELETE ${deleted}`;
    // Literals would take the engine longer to read than the deleting does.
    (await transaction.run(statement, listed ? { first, last, listed } : { first, last })).close();
  };
  const connections = relationshipTables.flatMap((table) => table.connections);
  for (const { label, places } of tables) {
    if (!nodeTables.some(({ name }) => name === label)) {
      throw new EngineFailure('invalid', `DETACH DELETE deletes nodes, and ${label} is no table of nodes`);
    }
    const steps = [
      ...(connections.some(({ fromLabel }) => fromLabel === label) ? ['-[r]->()'] : []),
      ...(connections.some(({ toLabel }) => toLabel === label) ? ['<-[r]-()'] : []),
    ];
    for (const step of steps) for (const each of places) await run(label, step, each, 'r');
  }
  for (const { label, places } of tables) for (const each of places) await run(label, '', each, 'v');
}

/** Nodes of one table: those listed between two places, or all. */
interface Places {
  readonly first: number;
  readonly last: number;
  readonly listed: number[] | undefined;
}

/** Many nodes in a row by their ends, others by lists that do not overlap. */
function toPlaces(offsets: readonly number[]): Places[] {
  const sorted = [...new Set(Float64Array.from(offsets).sort())];
  const places: Places[] = [];
  let listed: number[] = [];
  const flush = () => {
    const [first, last] = [listed[0], listed.at(-1)];
    if (first !== undefined && last !== undefined) places.push({ first, last, listed });
    listed = [];
  };
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === (sorted[end - 1] ?? 0) + 1) end += 1;
    const row = sorted.slice(start, end);
    if (row.length > listedMax) {
      places.push({ first: row[0] ?? 0, last: row.at(-1) ?? 0, listed: undefined });
    } else {
      if (listed.length + row.length > listedMax) flush();
      listed.push(...row);
    }
    start = end;
  }
  flush();
  return places;
}
