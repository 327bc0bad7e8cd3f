import { getOption, hasOption } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { http } from '../../gen/google/api/annotations_pb.js';
import { Code } from '../../gen/google/rpc/code_pb.js';
import { ErrorReasonSchema } from '../../gen/trellis/common/v1/error_reason_pb.js';
import { Access, Route, reason } from '../../gen/trellis/policy/v1/policy_pb.js';
import { contractServices } from '../../services/edge/contract.ts';
import { methodPath, methodPolicy, serviceHost } from '../../services/mesh/policy/method-policy.ts';

const methods = contractServices.flatMap((service) => service.methods);

describe('the contract', () => {
  it('is seen whole by the edge', async () => {
    const { readdir } = await import('node:fs/promises');
    const files = await readdir(new URL('../../gen/trellis', import.meta.url), { recursive: true });
    const generated = files.filter((file) => file.endsWith('_pb.js'));
    const declared: string[] = [];
    for (const file of generated) {
      const module: Record<string, { kind?: string; services?: { typeName: string }[] }> = await import(
        new URL(`../../gen/trellis/${file}`, import.meta.url).href
      );
      for (const value of Object.values(module)) {
        if (value?.kind === 'file') declared.push(...(value.services ?? []).map(({ typeName }) => typeName));
      }
    }
    expect(contractServices.map(({ typeName }) => typeName).toSorted()).toEqual(declared.toSorted());
  });

  it.each(methods.map((method) => [methodPath(method), method] as const))(
    '%s has a policy that holds together',
    (_path, method) => {
      const policy = methodPolicy(method);
      expect(serviceHost(method.parent)).not.toBe('');
      expect(hasOption(method, http)).toBe(policy.access !== Access.MESH);
      if (policy.route === Route.GRAPH_READER || policy.route === Route.GRAPH_WRITER) {
        expect(method.input.fields.find(({ number }) => number === 1)?.name).toBe('graph_id');
      }
    },
  );

  it('gives each error reason a status code', () => {
    for (const value of ErrorReasonSchema.values.filter(({ number }) => number !== 0)) {
      expect(getOption(value, reason).code, value.name).not.toBe(Code.OK);
    }
  });
});
