/** What the catalog knows of a graph. */
export interface GraphRecord {
  readonly graphId: string;
  readonly organizationId: string;
  readonly displayName: string;
  readonly tier: string;
  /** Whether it is being made, there, or being deleted. */
  readonly stage: 'creating' | 'ready' | 'deleting';
  /** The node whose disk has it. */
  readonly nodeId: string;
  /** The greatest epoch ever given to an opening. */
  readonly issuedEpoch: bigint;
  /** The epoch of the latest opening that was heard of; 0 before the first. */
  readonly epoch: bigint;
  /** True while its node says that it holds it open. */
  readonly isOpen: boolean;
  /** host:port of its engine process; empty while there is none. */
  readonly endpoint: string;
  /** Counts the writes of the record: of two readings the one with the greater is newer. */
  readonly version: bigint;
  readonly createTime: Date;
  /** The graph that it is a subgraph of; empty where it is none. */
  readonly parentGraphId: string;
  /** The public name of a shared repository; empty for any other graph. */
  readonly repository: string;
}

/** What the catalog knows of a graph node. */
export interface NodeRecord {
  readonly nodeId: string;
  /** host:port of its GraphNodeService. */
  readonly endpoint: string;
  /** The tier it serves; `*` serves all. */
  readonly tier: string;
  readonly slots: number;
  readonly isDraining: boolean;
  readonly isLive: boolean;
}

/** The tier of a node that serves graphs of every tier. */
export const everyTier = '*';
