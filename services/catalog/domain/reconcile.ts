import type { GraphRecord } from './graph-record.ts';

/** A graph that a node says it holds open. */
export interface ReportedGraph {
  readonly graphId: string;
  /** Empty while its engine starts. */
  readonly endpoint: string;
  readonly epoch: bigint;
}

/** What a report changes in the record of a graph. */
export interface PlacementChange {
  readonly graphId: string;
  readonly isOpen: boolean;
  readonly endpoint: string;
  readonly epoch: bigint;
}

/**
 * Holds a node's full report against the graphs that are assigned to it.
 *
 * An epoch stands for one opening, and an opening gets its endpoint once: so a smaller epoch is an old message and
 * says nothing, and the same epoch never takes an endpoint away again. A node that loses an engine process says so
 * with the next epoch.
 */
export function reconcile(
  assigned: readonly GraphRecord[],
  reported: readonly ReportedGraph[],
): readonly PlacementChange[] {
  const reports = new Map(reported.map((graph) => [graph.graphId, graph]));
  return assigned
    .filter(({ stage }) => stage === 'ready')
    .flatMap((record) => toChange(record, reports.get(record.graphId)) ?? []);
}

function toChange(record: GraphRecord, report: ReportedGraph | undefined): PlacementChange | undefined {
  const { graphId, epoch } = record;
  if (!report) return record.isOpen ? { graphId, isOpen: false, endpoint: '', epoch } : undefined;
  if (report.epoch < epoch) return undefined;
  const isSameOpening = record.isOpen && report.epoch === epoch;
  if (isSameOpening && (report.endpoint === '' || report.endpoint === record.endpoint)) return undefined;
  return { graphId, isOpen: true, endpoint: report.endpoint, epoch: report.epoch };
}
