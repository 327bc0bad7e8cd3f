import { and, asc, eq, inArray, lte, ne, or, sql } from 'drizzle-orm';
import type { Sql } from '../../mesh/sql/database.ts';
import type { GraphRecord, NodeRecord } from '../domain/graph-record.ts';
import { type PlacementChange, type ReportedGraph, reconcile } from '../domain/reconcile.ts';
import { isLive, nextVersion } from './graph-store.ts';
import { graph, node } from './schema.ts';

/** A node's full report about itself. */
export interface NodeReport {
  readonly node: NodeRecord;
  readonly openGraphs: readonly ReportedGraph[];
  readonly leaseEndTime: Date;
}

export interface ReportOutcome {
  /** The graphs whose record the report changed. */
  readonly changed: readonly GraphRecord[];
  /** Graphs that the node must close and delete: being deleted, or reported and known to nobody. */
  readonly deleteGraphIds: readonly string[];
  /** Graphs that it reports although they are another node's. Nothing is done about them. */
  readonly strayGraphIds: readonly string[];
}

/** The graph nodes and what their reports say about graphs, in SQL. */
export class SqlNodeStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * Takes a report. Reports of one node take turns. Locks the graphs that it can change or has to name, not those that
   * sleep: a node has many of them, and reports often.
   */
  report({ node: reporter, openGraphs, leaseEndTime }: NodeReport): Promise<ReportOutcome> {
    return this.#sql.transaction(async (tx) => {
      const { nodeId, ...described } = { ...reporter, leaseEndTime };
      await tx
        .insert(node)
        .values({ nodeId, ...described })
        .onConflictDoUpdate({ target: node.nodeId, set: described });
      const reportedIds = openGraphs.map(({ graphId }) => graphId);
      const assigned = await tx
        .select()
        .from(graph)
        .where(
          and(
            eq(graph.nodeId, nodeId),
            or(eq(graph.isOpen, true), ne(graph.stage, 'ready'), inArray(graph.graphId, reportedIds)),
          ),
        )
        .orderBy(asc(graph.graphId))
        .for('update');
      const changed: GraphRecord[] = [];
      for (const change of reconcile(assigned, openGraphs)) changed.push(...(await applyChange(tx, change)));
      const assignedIds = new Set(assigned.map(({ graphId }) => graphId));
      const foreign = reportedIds.filter((id) => !assignedIds.has(id));
      const strays = await known(tx, foreign);
      const deleting = assigned.filter(({ stage }) => stage === 'deleting').map(({ graphId }) => graphId);
      return {
        changed,
        deleteGraphIds: [...deleting, ...foreign.filter((id) => !strays.includes(id))],
        strayGraphIds: strays,
      };
    });
  }

  /** Lets no lease of a live node end before this: while no catalog ran, none could be renewed. */
  async extendLeases(leaseEndTime: Date): Promise<void> {
    await this.#sql
      .update(node)
      .set({
        leaseEndTime: sql`greatest(${node.leaseEndTime}, ${sql.param(leaseEndTime, node.leaseEndTime)})`,
      })
      .where(isLive);
  }

  /** Takes nodes whose lease is over for gone. Answers with the graphs that lost their endpoint. */
  expireLeases(now: Date): Promise<GraphRecord[]> {
    return this.#sql.transaction(async (tx) => {
      const gone = await tx
        .update(node)
        .set({ isLive: false })
        .where(and(isLive, lte(node.leaseEndTime, now)))
        .returning({ nodeId: node.nodeId });
      if (gone.length === 0) return [];
      const nodeIds = gone.map(({ nodeId }) => nodeId);
      return tx
        .update(graph)
        .set({ isOpen: false, endpoint: '', version: nextVersion })
        .where(and(inArray(graph.nodeId, nodeIds), eq(graph.isOpen, true)))
        .returning();
    });
  }
}

function applyChange(tx: Sql, { graphId, isOpen, endpoint, epoch }: PlacementChange): Promise<GraphRecord[]> {
  return tx
    .update(graph)
    .set({
      isOpen,
      endpoint,
      epoch,
      issuedEpoch: sql`greatest(${graph.issuedEpoch}, ${epoch})`,
      version: nextVersion,
    })
    .where(eq(graph.graphId, graphId))
    .returning();
}

async function known(tx: Sql, graphIds: readonly string[]): Promise<readonly string[]> {
  if (graphIds.length === 0) return [];
  const found = await tx
    .select({ graphId: graph.graphId })
    .from(graph)
    .where(inArray(graph.graphId, [...graphIds]));
  return found.map(({ graphId }) => graphId);
}
