import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  pgSchema,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

/** The Postgres schema that the catalog owns. */
export const catalog = pgSchema('catalog');

/** Millisecond precision, so that a time read back equals the time written. */
const time = (name: string) => timestamp(name, { precision: 3, withTimezone: true, mode: 'date' });

/** A graph node, as it last described itself. */
export const node = catalog.table('node', {
  nodeId: text('node_id').primaryKey(),
  /** host:port of its GraphNodeService. */
  endpoint: text('endpoint').notNull(),
  /** The tier it serves; `*` serves all. */
  tier: text('tier').notNull(),
  /** Graphs it can hold open at a time. */
  slots: integer('slots').notNull(),
  isDraining: boolean('is_draining').notNull(),
  /** False once its lease was found to be over, or when it left. */
  isLive: boolean('is_live').notNull(),
  leaseEndTime: time('lease_end_time').notNull(),
});

/** A graph and where it is served. */
export const graph = catalog.table(
  'graph',
  {
    graphId: text('graph_id').primaryKey(),
    organizationId: text('organization_id').notNull(),
    displayName: text('display_name').notNull(),
    tier: text('tier').notNull(),
    stage: text('stage', { enum: ['creating', 'ready', 'deleting'] }).notNull(),
    /** The node whose disk has it. It never moves. */
    nodeId: text('node_id')
      .notNull()
      .references(() => node.nodeId),
    /** The greatest epoch ever given to an opening; written before the opening is asked for. */
    issuedEpoch: bigint('issued_epoch', { mode: 'bigint' }).notNull(),
    /** The epoch of the latest opening that was heard of; 0 before the first. */
    epoch: bigint('epoch', { mode: 'bigint' }).notNull(),
    /** True while its node says that it holds it open. */
    isOpen: boolean('is_open').notNull(),
    /** host:port of its engine process; empty while there is none. */
    endpoint: text('endpoint').notNull(),
    /** Counts the writes of this row: of two readings the one with the greater is newer. */
    version: bigint('version', { mode: 'bigint' }).notNull(),
    createTime: time('create_time').notNull(),
    /** The graph that it is a subgraph of; empty where it is none. */
    parentGraphId: text('parent_graph_id').notNull().default(''),
    /** The public name of a shared repository; empty for any other graph. */
    repository: text('repository').notNull().default(''),
  },
  (table) => [
    index('graph_list').on(table.organizationId, table.createTime, table.graphId),
    index('graph_node').on(table.nodeId),
    index('graph_unfinished').on(table.stage, table.createTime).where(sql`${table.stage} <> 'ready'`),
    index('graph_parent').on(table.parentGraphId).where(sql`${table.parentGraphId} <> ''`),
    // One that is being deleted has given its name up.
    uniqueIndex('graph_repository')
      .on(table.repository)
      .where(sql`${table.repository} <> '' and ${table.stage} <> 'deleting'`),
    check('graph_stage', sql`${table.stage} in ('creating', 'ready', 'deleting')`),
    check('graph_epoch', sql`0 <= ${table.epoch} and ${table.epoch} <= ${table.issuedEpoch}`),
  ],
);
