import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { MethodPolicySchema, Permission } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { principalOf } from '../testing.ts';
import { authorize, maySeeGraph } from './authorize.ts';

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

describe('a graph is known to', () => {
  it('every principal of its organization that is not restricted', () => {
    expect(maySeeGraph(principalOf(), 'kg_1', 'org_ada')).toBe(true);
  });

  it('a restricted principal only where its restriction names it', () => {
    const restricted = principalOf({ graphIds: ['kg_1'] });
    expect(maySeeGraph(restricted, 'kg_1', 'org_ada')).toBe(true);
    expect(maySeeGraph(restricted, 'kg_2', 'org_ada')).toBe(false);
  });

  it('nobody of another organization, even where a restriction names it', () => {
    expect(maySeeGraph(principalOf(), 'kg_1', 'org_eve')).toBe(false);
    expect(maySeeGraph(principalOf({ graphIds: ['kg_1'] }), 'kg_1', 'org_eve')).toBe(false);
  });
});
