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
  readonly parentGraphId: string;
  readonly repository: string;
}

/** What a new graph counts for. */
export type GraphRoom =
  | { readonly kind: 'plan'; readonly graphsMax: number }
  | { readonly kind: 'parent'; readonly subgraphsMax: number }
  | { readonly kind: 'repository' };

export type CreateOutcome =
  | { readonly kind: 'created'; readonly graph: GraphRecord }
  /** The organization, or the parent, has as many graphs as it may. */
  | { readonly kind: 'limit-reached' }
  | { readonly kind: 'no-parent' }
  | { readonly kind: 'parent-not-ready'; readonly stage: 'creating' | 'deleting' }
  | { readonly kind: 'repository-exists' }
  /** No live node takes graphs of the tier. */
  | { readonly kind: 'no-node' };

/** What became of the beginning of a deletion. */
export type DeleteOutcome =
  | { readonly kind: 'deleting'; readonly graph: GraphRecord }
  | { readonly kind: 'has-subgraphs'; readonly count: number }
  | { readonly kind: 'gone' };

export interface GraphPage {
  readonly organizationId: string;
  /** Where not empty, only these and their subgraphs. */
  readonly graphIds: readonly string[];
  /** Where not empty, only its subgraphs. */
  readonly parentGraphId: string;
  readonly after: PagePosition | undefined;
  readonly limit: number;
}

/** The graphs, in SQL. Each write is one transaction and answers with the record as it is then. */
export class SqlGraphStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Adds a graph in the stage `creating` on the least loaded node, where there is room for it. */
  create(fresh: NewGraph, room: GraphRoom): Promise<CreateOutcome> {
    return this.#sql.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(${creationLock})`);
      const refusal = await findRefusal(tx, fresh, room);
      if (refusal) return refusal;
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

  /** The graph with this id, or the shared repository with this name. */
  async find(idOrName: string): Promise<GraphRecord | undefined> {
    const isNamed = and(
      ne(graph.repository, ''),
      eq(graph.repository, idOrName),
      ne(graph.stage, 'deleting'),
    );
    const [found] = await this.#sql
      .select()
      .from(graph)
      .where(or(eq(graph.graphId, idOrName), isNamed));
    return found;
  }

  async findNode(nodeId: string): Promise<NodeRecord | undefined> {
    const [found] = await this.#sql.select().from(node).where(eq(node.nodeId, nodeId));
    return found;
  }

  /** A page of an organization's graphs, oldest first. */
  list({ organizationId, graphIds, parentGraphId, after, limit }: GraphPage): Promise<GraphRecord[]> {
    const behind =
      after &&
      or(
        gt(graph.createTime, after.createTime),
        and(eq(graph.createTime, after.createTime), gt(graph.graphId, after.graphId)),
      );
    const ids = [...graphIds];
    const among =
      ids.length > 0 ? or(inArray(graph.graphId, ids), inArray(graph.parentGraphId, ids)) : undefined;
    const below = parentGraphId === '' ? undefined : eq(graph.parentGraphId, parentGraphId);
    return this.#sql
      .select()
      .from(graph)
      .where(and(eq(graph.organizationId, organizationId), among, below, behind))
      .orderBy(asc(graph.createTime), asc(graph.graphId))
      .limit(limit);
  }

  /** The graphs of the shared repositories, by name. */
  repositories(): Promise<GraphRecord[]> {
    return this.#sql
      .select()
      .from(graph)
      .where(and(ne(graph.repository, ''), ne(graph.stage, 'deleting')))
      .orderBy(asc(graph.repository));
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

  /** Begins the deletion, unless the graph has subgraphs. Takes turns with creations: none of them comes between. */
  markDeleting(graphId: string): Promise<DeleteOutcome> {
    return this.#sql.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(${creationLock})`);
      const count = await countSubgraphs(tx, graphId);
      if (count > 0) return { kind: 'has-subgraphs', count };
      const [deleting] = await tx
        .update(graph)
        .set({ stage: 'deleting', isOpen: false, endpoint: '', version: nextVersion })
        .where(eq(graph.graphId, graphId))
        .returning();
      return deleting ? { kind: 'deleting', graph: deleting } : { kind: 'gone' };
    });
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

/** A graph that is being deleted counts for nothing any more. */
const isKept = ne(graph.stage, 'deleting');

/** Every write of a graph counts its version up. */
export const nextVersion = sql`${graph.version} + 1`;

/** What stands in the way of a new graph, under the lock of creations. */
async function findRefusal(tx: Sql, fresh: NewGraph, room: GraphRoom): Promise<CreateOutcome | undefined> {
  if (room.kind === 'repository') {
    const named = and(eq(graph.repository, fresh.repository), isKept);
    return (await tx.$count(graph, named)) > 0 ? { kind: 'repository-exists' } : undefined;
  }
  if (room.kind === 'plan') {
    const counted = and(eq(graph.parentGraphId, ''), eq(graph.repository, ''), isKept);
    const owned = and(eq(graph.organizationId, fresh.organizationId), counted);
    return (await tx.$count(graph, owned)) >= room.graphsMax ? { kind: 'limit-reached' } : undefined;
  }
  const { parentGraphId } = fresh;
  const [parent] = await tx
    .select({ stage: graph.stage })
    .from(graph)
    .where(eq(graph.graphId, parentGraphId));
  if (!parent) return { kind: 'no-parent' };
  if (parent.stage !== 'ready') return { kind: 'parent-not-ready', stage: parent.stage };
  return (await countSubgraphs(tx, parentGraphId)) >= room.subgraphsMax
    ? { kind: 'limit-reached' }
    : undefined;
}

function countSubgraphs(tx: Sql, parentGraphId: string): Promise<number> {
  return tx.$count(graph, and(eq(graph.parentGraphId, parentGraphId), isKept));
}

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
