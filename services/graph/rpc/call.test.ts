import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { testContext } from '../engine/testing.ts';
import { requireGraph } from './call.ts';

const { query, streamQuery, getSchema, execute, importTable, watchImport } = GraphService.method;
const graph = { graphId: 'kg_1', organizationId: 'org_ada', repository: '' };
const sec = { graphId: 'kg_2', organizationId: 'org_platform', repository: 'sec' };

/** What a process with this graph answers to a call. */
function answer(
  served: typeof graph,
  graphId: string,
  method: (typeof GraphService.methods)[number],
  principal: MessageInitShape<typeof PrincipalSchema>,
) {
  const caller = { service: 'edge', principal: create(PrincipalSchema, principal), assertion: '' };
  try {
    requireGraph(served, graphId, testContext({ method, caller }));
    return 'allowed';
  } catch (error) {
    return ErrorReason[(error as { reason: ErrorReason }).reason];
  }
}

describe('an engine process serves', () => {
  it('its own graph to its organization, whatever the method', () => {
    for (const method of GraphService.methods)
      expect(answer(graph, 'kg_1', method, { organizationId: 'org_ada' })).toBe('allowed');
  });

  it('no other graph and nobody else, who are told the same', () => {
    expect(answer(graph, 'kg_9', query, { organizationId: 'org_ada' })).toBe('GRAPH_NOT_FOUND');
    expect(answer(graph, '', query, { organizationId: 'org_ada' })).toBe('GRAPH_NOT_FOUND');
    expect(answer(graph, 'kg_1', query, { organizationId: 'org_eve', repositories: ['', 'sec'] })).toBe(
      'GRAPH_NOT_FOUND',
    );
    expect(answer(sec, 'sec', execute, { organizationId: 'org_eve' })).toBe('GRAPH_NOT_FOUND');
  });

  it('a shared repository to subscribers, by name and id, for reads and nothing else', () => {
    const subscriber = { organizationId: 'org_eve', repositories: ['sec'] };
    for (const graphId of ['sec', 'kg_2']) {
      for (const method of [query, streamQuery, getSchema])
        expect(answer(sec, graphId, method, subscriber)).toBe('allowed');
      for (const method of [execute, importTable, watchImport])
        expect(answer(sec, graphId, method, subscriber)).toBe('PERMISSION_DENIED');
    }
  });

  it('a shared repository to its owner for writes too', () => {
    expect(answer(sec, 'sec', execute, { organizationId: 'org_platform' })).toBe('allowed');
  });
});
