import { toAlias } from '../../domain/cypher/alias.ts';
import { toStringLiteral } from '../../domain/values/string-literal.ts';
import type { EngineTransaction } from '../graph-engine.ts';
import { readRows } from '../read-rows.ts';
import { readSchema, type SchemaProperty } from '../read-schema.ts';

/** Nodes whose relationships the engine keeps together. */
const groupNodes = 131_072;

/** Nodes for whose relationships a checkpoint decides together whether to write them. */
const regionNodes = 1_024;

/** What was committed since the last checkpoint. */
export interface RelationshipChanges {
  readonly hasDeleted: boolean;
  readonly hasUpdated: boolean;
}

/** The relationships of one table between two tables of nodes, as they are kept by one of the ends. */
interface Direction {
  readonly relationship: string;
  readonly properties: readonly SchemaProperty[];
  readonly fromLabel: string;
  readonly toLabel: string;
  readonly end: 'v' | 'w';
}

/**
 * Deletes some relationships and creates them again, with all that they hold but their ids. Kuzu 0.11.3 loses others
 * in the checkpoint that follows (`CSRNodeGroup::checkpointInMemAndOnDisk`):
 * - where all that it has to write of a group are regions left without relationships, it forgets the whole group;
 * - where all that was created in a group was deleted again, it keeps what the next reader or checkpoint dies of;
 * - where only properties were changed, and a region without relationships lies before them, it moves the relationships
 *   of other regions and leaves the columns that did not change where they were.
 * None of this happens where a relationship that stays was created in each group, or region. Where a group has none at
 * all, only the second can happen; see hasLeftRelationships. Throws EngineFailure.
 */
export async function renewRelationships(
  transaction: EngineTransaction,
  { hasDeleted, hasUpdated }: RelationshipChanges,
): Promise<void> {
  const { relationshipTables } = await readSchema(transaction);
  for (const { name, properties, connections } of relationshipTables) {
    const isUpdated = hasUpdated && properties.length > 0;
    if (!hasDeleted && !isUpdated) continue;
    for (const { fromLabel, toLabel } of connections) {
      for (const end of ['v', 'w'] as const) {
        const direction = { relationship: name, properties, fromLabel, toLabel, end };
        await renewDirection(transaction, direction, isUpdated);
      }
    }
  }
}

/**
 * Whether a checkpoint left deleted relationships in memory, of which the next reader or checkpoint ends the process:
 * where none was left in a group, none could be renewed. Throws EngineFailure.
 */
export async function hasLeftRelationships(transaction: EngineTransaction): Promise<boolean> {
  const { relationshipTables } = await readSchema(transaction);
  for (const { name } of relationshipTables) {
    const chunks = `CALL storage_info(${toStringLiteral(name)}) WHERE residency = 'IN_MEMORY' RETURN count(*) AS left`;
    const [row] = await readRows(transaction, chunks, groupNodes);
    if (Number(row?.left) > 0) return true;
  }
  return false;
}

async function renewDirection(
  transaction: EngineTransaction,
  direction: Direction,
  isUpdated: boolean,
): Promise<void> {
  const { end, fromLabel, toLabel } = direction;
  const label = toAlias(end === 'v' ? fromLabel : toLabel);
  const [last] = await readRows(
    transaction,
    `MATCH (n:${label}) RETURN max(offset(id(n))) AS last`,
    groupNodes,
  );
  if (!last || last.last === null) return;
  for (let start = 0; start <= Number(last.last); start += groupNodes) {
    const group = `${matchOf(direction)} WHERE offset(id(${end})) >= ${start} AND offset(id(${end})) < ${start + groupNodes}`;
    const firsts = isUpdated ? await firstsBesideGaps(transaction, group, end, start) : [];
    const some = firsts.length > 0 ? `AND offset(id(r)) IN [${firsts.join(', ')}]` : 'WITH v, r, w LIMIT 1';
    await readRows(transaction, `${group} ${some} ${renewalOf(direction)}`, groupNodes);
  }
}

/** A relationship of each region of a group, where a region without any lies before one that has some. */
async function firstsBesideGaps(
  transaction: EngineTransaction,
  group: string,
  end: Direction['end'],
  start: number,
): Promise<number[]> {
  const columns = `(offset(id(${end})) - ${start}) / ${regionNodes} AS region, min(offset(id(r))) AS first`;
  const regions = await readRows(transaction, `${group} RETURN ${columns}`, groupNodes);
  const hasGap = regions.some(({ region }) => Number(region) >= regions.length);
  return hasGap ? regions.map(({ first }) => Number(first)) : [];
}

function matchOf({ end, relationship, fromLabel, toLabel }: Direction): string {
  const [from, to, table] = [`(v:${toAlias(fromLabel)})`, `(w:${toAlias(toLabel)})`, toAlias(relationship)];
  return `MATCH ${end === 'v' ? `${from}-[r:${table}]->${to}` : `${to}<-[r:${table}]-${from}`}`;
}

function renewalOf({ relationship, properties }: Direction): string {
  const values = properties.map(({ name }) => `${toAlias(name)}: r.${toAlias(name)}`).join(', ');
  return `DELETE r CREATE (v)-[:${toAlias(relationship)} {${values}}]->(w)`;
}
