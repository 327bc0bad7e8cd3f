import { and, asc, eq, gt, inArray, lt, lte, ne, or, sql } from 'drizzle-orm';
import type { Sql } from '../../mesh/sql/database.ts';
import { everyTier, type GraphRecord, type NodeRecord } from '../domain/graph-record.ts';
import type { PagePosition } from '../domain/page-token.ts';
import { graph, node } from './schema.ts';

/** Creations take turns over all processes, so that counting and choosing a node are one step: a number of our own. */
const creationLock = 7_211_101;

export interface NewGraph {
  readonly graphId: string;
  readonly organizationId: string;
  readonly displayName: string;
  readonly tier: string;
  readonly createTime: Date;
}

export type CreateOutcome =
  | { readonly kind: 'created'; readonly graph: GraphRecord }
  /** The organization has as many graphs as it may. */
  | { readonly kind: 'limit-reached' }
  /** No live node takes graphs of the tier. */
  | { readonly kind: 'no-node' };

export interface GraphPage {
  readonly organizationId: string;
  /** Where not empty, only these. */
  readonly graphIds: readonly string[];
  readonly after: PagePosition | undefined;
  readonly limit: number;
}

/** The graphs, in SQL. Each write is one transaction and answers with the record as it is then. */
export class SqlGraphStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Adds a graph in the stage `creating` on the least loaded node, unless the organization has `graphsMax`. */
  create(fresh: NewGraph, graphsMax: number): Promise<CreateOutcome> {
    return this.#sql.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(${creationLock})`);
      const owned = and(eq(graph.organizationId, fresh.organizationId), ne(graph.stage, 'deleting'));
      if ((await tx.$count(graph, owned)) >= graphsMax) return { kind: 'limit-reached' };
      const chosen = await leastLoadedNode(tx, fresh.tier);
      if (!chosen) return { kind: 'no-node' };
      const added = await tx
        .insert(graph)
        .values({
          ...fresh,
          nodeId: chosen.nodeId,
          stage: 'creating',
          issuedEpoch: 0n,
          epoch: 0n,
          isOpen: false,
          endpoint: '',
          version: 1n,
        })
        .returning();
      return { kind: 'created', graph: only(added) };
    });
  }

  async find(graphId: string): Promise<GraphRecord | undefined> {
    const [found] = await this.#sql.select().from(graph).where(eq(graph.graphId, graphId));
    return found;
  }

  async findNode(nodeId: string): Promise<NodeRecord | undefined> {
    const [found] = await this.#sql.select().from(node).where(eq(node.nodeId, nodeId));
    return found;
  }

  /** A page of an organization's graphs, oldest first. */
  list({ organizationId, graphIds, after, limit }: GraphPage): Promise<GraphRecord[]> {
    const behind =
      after &&
      or(
        gt(graph.createTime, after.createTime),
        and(eq(graph.createTime, after.createTime), gt(graph.graphId, after.graphId)),
      );
    const among = graphIds.length > 0 ? inArray(graph.graphId, [...graphIds]) : undefined;
    return this.#sql
      .select()
      .from(graph)
      .where(and(eq(graph.organizationId, organizationId), among, behind))
      .orderBy(asc(graph.createTime), asc(graph.graphId))
      .limit(limit);
  }

  /** All graphs of all organizations. */
  all(): Promise<GraphRecord[]> {
    return this.#sql.select().from(graph);
  }

  /** Takes the next epoch for an opening; nothing where the graph is gone or being deleted. */
  issueEpoch(graphId: string): Promise<GraphRecord | undefined> {
    return this.#update(graphId, { issuedEpoch: sql`${graph.issuedEpoch} + 1` }, ne(graph.stage, 'deleting'));
  }

  /**
   * Records an opening that a node answered with. Nothing where the graph is gone or being deleted, or where a
   * later opening is known.
   */
  markOpened(graphId: string, epoch: bigint, endpoint: string): Promise<GraphRecord | undefined> {
    return this.#update(
      graphId,
      {
        stage: 'ready',
        isOpen: true,
        endpoint,
        epoch,
        issuedEpoch: sql`greatest(${graph.issuedEpoch}, ${epoch})`,
      },
      and(ne(graph.stage, 'deleting'), lte(graph.epoch, epoch)),
    );
  }

  /** Begins the deletion; nothing where the graph is gone. */
  markDeleting(graphId: string): Promise<GraphRecord | undefined> {
    return this.#update(graphId, { stage: 'deleting', isOpen: false, endpoint: '' });
  }

  /** Ends the deletion. */
  async remove(graphId: string): Promise<void> {
    await this.#sql.delete(graph).where(and(eq(graph.graphId, graphId), eq(graph.stage, 'deleting')));
  }

  /** Begins the deletion of graphs whose creation a crash cut off: those still `creating` that began before. */
  abandonCreations(before: Date): Promise<GraphRecord[]> {
    return this.#sql
      .update(graph)
      .set({ stage: 'deleting', version: nextVersion })
      .where(and(eq(graph.stage, 'creating'), lt(graph.createTime, before)))
      .returning();
  }

  /** Graphs being deleted whose node is there to be told. */
  deletable(): Promise<GraphRecord[]> {
    const liveNodes = this.#sql.select({ nodeId: node.nodeId }).from(node).where(isLive);
    return this.#sql
      .select()
      .from(graph)
      .where(and(eq(graph.stage, 'deleting'), inArray(graph.nodeId, liveNodes)));
  }

  async #update(
    graphId: string,
    values: Parameters<ReturnType<Sql['update']>['set']>[0],
    condition?: ReturnType<typeof and>,
  ): Promise<GraphRecord | undefined> {
    const [updated] = await this.#sql
      .update(graph)
      .set({ ...values, version: nextVersion })
      .where(and(eq(graph.graphId, graphId), condition))
      .returning();
    return updated;
  }
}

/** A node whose lease holds. */
export const isLive = eq(node.isLive, true);

/** Every write of a graph counts its version up. */
export const nextVersion = sql`${graph.version} + 1`;

async function leastLoadedNode(tx: Sql, tier: string): Promise<{ readonly nodeId: string } | undefined> {
  const [chosen] = await tx
    .select({ nodeId: node.nodeId })
    .from(node)
    .leftJoin(graph, eq(graph.nodeId, node.nodeId))
    .where(and(isLive, eq(node.isDraining, false), inArray(node.tier, [tier, everyTier])))
    .groupBy(node.nodeId)
    .orderBy(sql`count(${graph.graphId})::float8 / ${node.slots}`, asc(node.nodeId))
    .limit(1);
  return chosen;
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error('one row expected, none came');
  return row;
}
