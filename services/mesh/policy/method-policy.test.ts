import {
  create,
  createFileRegistry,
  type DescMethod,
  type MessageInitShape,
  setExtension,
} from '@bufbuild/protobuf';
import {
  EmptySchema,
  FileDescriptorProtoSchema,
  file_google_protobuf_empty,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { describe, expect, it, test } from 'vitest';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import {
  Access,
  LimitCategory,
  MethodPolicySchema,
  method as methodOption,
  Permission,
  Route,
} from '../../../gen/trellis/policy/v1/policy_pb.js';
import { methodPath, methodPolicy, serviceHost } from './method-policy.ts';

const whole = {
  access: Access.AUTHENTICATED,
  route: Route.CONTROL,
  limit: LimitCategory.ACCOUNT,
};

/** The method x.Y.Z with a policy. */
function methodWith(policy: MessageInitShape<typeof MethodPolicySchema> | undefined): DescMethod {
  const options = create(MethodOptionsSchema);
  if (policy) setExtension(options, methodOption, create(MethodPolicySchema, policy));
  const file = create(FileDescriptorProtoSchema, {
    name: 'x.proto',
    package: 'x',
    syntax: 'proto3',
    dependency: ['google/protobuf/empty.proto'],
    service: [
      {
        name: 'Y',
        method: [
          {
            name: 'Z',
            inputType: `.${EmptySchema.typeName}`,
            outputType: `.${EmptySchema.typeName}`,
            options,
          },
        ],
      },
    ],
  });
  const registry = createFileRegistry(file, (name) =>
    name === 'google/protobuf/empty.proto' ? file_google_protobuf_empty : undefined,
  );
  const method = registry.getService('x.Y')?.methods[0];
  if (!method) throw new Error('no method');
  return method;
}

describe('a method', () => {
  it('has the path and the policy that the contract gives it', () => {
    const { query } = GraphService.method;
    expect(methodPath(query)).toBe('/trellis.graph.v1.GraphService/Query');
    expect(methodPolicy(query)).toMatchObject({
      access: Access.AUTHENTICATED,
      permission: Permission.GRAPH_READ,
      limit: LimitCategory.GRAPH_QUERY,
      route: Route.GRAPH_READER,
    });
  });

  it('is fine with a whole policy, and between services with access alone', () => {
    expect(methodPolicy(methodWith(whole))).toMatchObject(whole);
    expect(methodPolicy(methodWith({ access: Access.MESH })).access).toBe(Access.MESH);
  });

  test.each([
    ['a policy', undefined, 'has no policy'],
    ['access', { ...whole, access: Access.UNSPECIFIED }, 'does not say who may call it'],
    ['a route', { ...whole, route: Route.UNSPECIFIED }, 'does not say where it goes'],
    ['a limit', { ...whole, limit: LimitCategory.UNSPECIFIED }, 'has no limit category'],
  ])('without %s stops the start, by its name', (_name, policy, message) => {
    expect(() => methodPolicy(methodWith(policy))).toThrow(`/x.Y/Z ${message}`);
  });
});

describe('a service', () => {
  it('has the host that the contract gives it', () => {
    expect(serviceHost(GraphService)).toBe('engine');
  });

  it('without one is told by its name', () => {
    expect(() => serviceHost(methodWith(undefined).parent)).toThrow('x.Y does not say who hosts it');
  });
});
