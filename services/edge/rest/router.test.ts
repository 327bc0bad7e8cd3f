import type { DescService } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import type { HttpRule } from '../../../gen/google/api/http_pb.js';
import { CatalogService } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { GraphNodeService, PlacementService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { AuthService } from '../../../gen/trellis/iam/v1/auth_pb.js';
import { Access } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { fc } from '../../mesh/properties.testing.ts';
import { createRouter } from './router.ts';
import { createTestService, type TestMethod } from './test-service.ts';

type Rule = TestMethod['rule'];

/** A service with one method a rule. */
function serviceWith(rules: readonly Rule[], access = Access.PUBLIC): DescService {
  return createTestService(rules.map((rule, index) => ({ name: `M${index}`, rule, access })));
}

function get(path: string): Rule {
  return { pattern: { case: 'get', value: path } };
}

function nameOf(rules: readonly Rule[], target: string, httpMethod = 'GET'): string {
  const match = createRouter([serviceWith(rules)])(httpMethod, target);
  return match.kind === 'route' ? match.binding.method.name : match.kind;
}

describe('router', () => {
  const router = createRouter([
    AuthService,
    CatalogService,
    GraphService,
    PlacementService,
    GraphNodeService,
  ]);

  it('finds the method, the variables and the query of a path of the contract', () => {
    const match = router('POST', '/v1/graphs/kg_1/tables/Person/import?csv.header=true');
    expect(match).toMatchObject({
      kind: 'route',
      binding: { method: { name: 'ImportTable' }, body: { kind: 'raw' } },
      variables: [
        { fieldPath: ['graph_id'], value: 'kg_1' },
        { fieldPath: ['table'], value: 'Person' },
      ],
      query: 'csv.header=true',
    });
  });

  it('says which HTTP methods a path takes', () => {
    expect(router('PUT', '/v1/graphs')).toEqual({
      kind: 'not-allowed',
      allow: ['GET', 'HEAD', 'OPTIONS', 'POST'],
    });
    expect(router('OPTIONS', '/v1/auth/login')).toEqual({ kind: 'options', allow: ['OPTIONS', 'POST'] });
    expect(router('HEAD', '/v1/graphs')).toMatchObject({ kind: 'route' });
  });

  it.each(['/v1/grphs', '/', '*', '', 'http://host', '/v1/graphs/', '//v1/graphs'])(
    '%j is nothing',
    (target) => {
      expect(router('GET', target)).toEqual({ kind: 'not-found' });
    },
  );

  it.each(['/v1/graphs/%zz', '/v1/graphs/%C3', '/%'])('%s is malformed', (target) => {
    expect(router('GET', target)).toEqual({ kind: 'malformed' });
  });

  it('reads a target in absolute form and drops a fragment', () => {
    expect(router('GET', 'http://host:1/v1/graphs?pageSize=1#x')).toMatchObject({ query: 'pageSize=1' });
  });

  it('does not know methods of the mesh', () => {
    const match = createRouter([serviceWith([get('/a')], Access.MESH)])('GET', '/a');
    expect(match).toEqual({ kind: 'not-found' });
  });

  it('prefers literals over variables and verbs over none, in any order of declaration', () => {
    const rules = [get('/v1/{name=**}'), get('/v1/{name}'), get('/v1/x'), get('/v1/{name}:do'), get('/v1')];
    for (const order of [rules, rules.toReversed()]) {
      const at = (target: string) => {
        const name = nameOf(order, target);
        return rules.indexOf(order[Number(name.slice(1))] as Rule);
      };
      expect([at('/v1/x'), at('/v1/y'), at('/v1/y:do'), at('/v1/y/z'), at('/v1')]).toEqual([2, 1, 3, 0, 4]);
    }
  });

  it('serves additional bindings', () => {
    const rules = [{ ...get('/a'), additionalBindings: [get('/b/{name}') as HttpRule] }];
    expect(nameOf(rules, '/a')).toBe('M0');
    expect(nameOf(rules, '/b/1')).toBe('M0');
  });

  it('takes a custom kind, and * for any method that has no binding of its own', () => {
    const any: Rule = { pattern: { case: 'custom', value: { kind: '*', path: '/a' } } };
    const search: Rule = { pattern: { case: 'custom', value: { kind: 'search', path: '/b' } } };
    expect(nameOf([any, get('/a')], '/a')).toBe('M1');
    expect(nameOf([any, get('/a')], '/a', 'DELETE')).toBe('M0');
    expect(nameOf([search], '/b', 'SEARCH')).toBe('M0');
  });

  it('fails at construction where two bindings match the same requests', () => {
    expect(() => nameOf([get('/v1/{name}'), get('/v1/{inner.name}')], '/')).toThrow(
      /leads to both .*M0 and .*M1/,
    );
    expect(() => nameOf([get('/v1/{name=x/*}'), get('/v1/x/{inner.name}')], '/')).toThrow(/leads to both/);
  });

  it.each([
    [get('/v1/{nope}'), /no field nope/],
    [get('/v1/{tags}'), /cannot be in a path/],
    [{ ...get('/v1'), body: 'nope' }, /no field nope/],
    [{ ...get('/v1'), responseBody: 'nope' }, /no field nope/],
  ])('fails at construction where a rule does not fit its messages', (rule, message) => {
    expect(() => nameOf([rule], '/')).toThrow(message);
  });

  it('answers any target without failing', () => {
    const text = fc.oneof(fc.webUrl({ withQueryParameters: true }), fc.webPath(), fc.string());
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST', 'X'), text, (httpMethod, target) => {
        expect(router(httpMethod, target).kind).toBeTypeOf('string');
      }),
      { seed: 3, numRuns: 1000 },
    );
  });
});
