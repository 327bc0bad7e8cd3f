import type { Logger } from '../../mesh/log/logger.ts';
import type { Tier } from '../../mesh/plan/tier-table.ts';
import type { GraphEngine } from './graph-engine.ts';
import type { ImportBoard } from './import/import-board.ts';
import type { UploadSlots } from './import/upload-slots.ts';
import type { StatementPreparer } from './prepare-statement.ts';
import type { SchemaCache } from './read-schema.ts';
import type { StatementRunner } from './run-statement.ts';

/** The one graph of this process, as its RPCs see it. */
export interface EngineGraph {
  readonly graphId: string;
  readonly organizationId: string;
  /** The public name of a shared repository, by which subscribers read it; empty for any other graph. */
  readonly repository: string;
  readonly epoch: bigint;
  readonly tier: Tier;
  readonly engine: GraphEngine;
  readonly schema: SchemaCache;
  readonly preparer: StatementPreparer;
  readonly runner: StatementRunner;
  /** An empty directory for uploads. */
  readonly workDirectory: string;
  readonly importBytesMax: number;
  readonly imports: ImportBoard;
  readonly uploads: UploadSlots;
  readonly log: Logger;
}
