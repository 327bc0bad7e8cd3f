import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { MethodPolicySchema, Permission } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { principalOf } from '../testing.ts';
import { authorize, authorizeGraph } from './authorize.ts';

const policy = (permission: Permission) => create(MethodPolicySchema, { permission });

describe('a method', () => {
  const reader = principalOf({ permissions: [Permission.GRAPH_READ] });

  it('is open to a principal with its permission', () => {
    expect(() => authorize(policy(Permission.GRAPH_READ), reader)).not.toThrow();
  });

  it('is closed to a principal without it, who is told which', () => {
    expect(() => authorize(policy(Permission.GRAPH_WRITE), reader)).toThrow(
      expect.objectContaining({
        reason: ErrorReason.PERMISSION_DENIED,
        metadata: { permission: 'GRAPH_WRITE' },
      }),
    );
  });

  it('that wants no permission is open to every principal', () => {
    expect(() => authorize(policy(Permission.UNSPECIFIED), principalOf({ permissions: [] }))).not.toThrow();
  });
});

describe('a graph', () => {
  const graph = { graphId: 'kg_1', organizationId: 'org_ada', parentGraphId: '', repository: '' };
  const repository = { ...graph, organizationId: 'org_platform', repository: 'sec' };
  const subscriber = principalOf({ repositories: ['sec'] });
  const reasonFor = (...call: Parameters<typeof authorizeGraph>) => {
    try {
      authorizeGraph(...call);
      return 'allowed';
    } catch (error) {
      return ErrorReason[(error as { reason: ErrorReason }).reason];
    }
  };

  it('is open to its organization for whatever the method wants', () => {
    expect(reasonFor(policy(Permission.GRAPH_WRITE), principalOf(), graph)).toBe('allowed');
  });

  it('is like missing to everybody else, whatever the method wants', () => {
    const eve = principalOf({ organizationId: 'org_eve' });
    for (const permission of [Permission.GRAPH_READ, Permission.GRAPH_WRITE]) {
      expect(reasonFor(policy(permission), eve, graph)).toBe('GRAPH_NOT_FOUND');
      expect(reasonFor(policy(permission), eve, repository)).toBe('GRAPH_NOT_FOUND');
    }
  });

  it('that is a shared repository is open to subscribers for reads and nothing else', () => {
    expect(reasonFor(policy(Permission.GRAPH_READ), subscriber, repository)).toBe('allowed');
    for (const permission of [Permission.GRAPH_WRITE, Permission.GRAPH_ADMIN, Permission.UNSPECIFIED]) {
      expect(reasonFor(policy(permission), subscriber, repository)).toBe('PERMISSION_DENIED');
    }
  });
});
