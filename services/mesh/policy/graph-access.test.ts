import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { graphAccess } from './graph-access.ts';

const principal = (changes: MessageInitShape<typeof PrincipalSchema> = {}) =>
  create(PrincipalSchema, { organizationId: 'org_ada', ...changes });
const graph = { graphId: 'kg_1', organizationId: 'org_ada', parentGraphId: '', repository: '' };
const subgraph = { ...graph, graphId: 'kg_2', parentGraphId: 'kg_1' };
const repository = { ...graph, graphId: 'kg_3', organizationId: 'org_platform', repository: 'sec' };

describe('a graph is', () => {
  it('its organization’s own, and nobody else’s to know of, even where a restriction names it', () => {
    expect(graphAccess(principal(), graph)).toBe('own');
    expect(graphAccess(principal({ organizationId: 'org_eve' }), graph)).toBe('none');
    expect(graphAccess(principal({ organizationId: 'org_eve', graphIds: ['kg_1'] }), graph)).toBe('none');
  });

  it('within a restricted credential only where the restriction names it or its parent', () => {
    expect(graphAccess(principal({ graphIds: ['kg_1'] }), graph)).toBe('own');
    expect(graphAccess(principal({ graphIds: ['kg_1'] }), subgraph)).toBe('own');
    expect(graphAccess(principal({ graphIds: ['kg_2'] }), graph)).toBe('none');
    expect(graphAccess(principal({ graphIds: [''] }), graph)).toBe('none');
  });

  it('to read and no more for subscribers of a shared repository', () => {
    expect(graphAccess(principal({ repositories: ['sec'] }), repository)).toBe('read');
    expect(graphAccess(principal({ repositories: ['economic'] }), repository)).toBe('none');
    expect(graphAccess(principal(), repository)).toBe('none');
    expect(graphAccess(principal({ organizationId: 'org_platform' }), repository)).toBe('own');
  });

  it('never shared because it has no public name', () => {
    expect(graphAccess(principal({ organizationId: 'org_eve', repositories: [''] }), graph)).toBe('none');
  });

  it('read by a restricted credential of a subscriber where the restriction names the repository', () => {
    const restricted = (graphIds: string[]) => principal({ repositories: ['sec'], graphIds });
    expect(graphAccess(restricted(['sec']), repository)).toBe('read');
    expect(graphAccess(restricted(['kg_1']), repository)).toBe('none');
  });
});
