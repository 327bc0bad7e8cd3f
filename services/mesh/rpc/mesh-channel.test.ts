import type { DescMethod } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { CatalogService, ListGraphsRequestSchema } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { AuthService } from '../../../gen/trellis/iam/v1/auth_pb.js';
import { RegistryResolver } from '../discovery/registry-resolver.ts';
import { methodPath } from '../policy/method-policy.ts';
import type { Channel } from './channel.ts';
import { createMeshChannel } from './mesh-channel.ts';
import { once } from './service.ts';

let resolver: RegistryResolver;
/** Where calls went, with their methods. */
let went: string[];

beforeEach(() => {
  resolver = new RegistryResolver();
  went = [];
});

const channelAt = (place: string): Channel => ({
  call: async function* (method) {
    went.push(`${place} ${method.name}`);
    yield create(method.output);
  },
  close: async () => {},
});

function meshChannel(localMethods: readonly DescMethod[] = []): Channel {
  const paths = new Set(localMethods.map(methodPath));
  return createMeshChannel({
    local: { channel: channelAt('here'), has: (path) => paths.has(path) },
    resolver,
    pool: { get: channelAt, close: async () => {} },
  });
}

const { listGraphs } = CatalogService.method;
const { login } = AuthService.method;

async function call(channel: Channel, method: DescMethod): Promise<number> {
  let responses = 0;
  for await (const _ of channel.call(method, once(create(ListGraphsRequestSchema)))) responses++;
  return responses;
}

describe('a call', () => {
  it('of a service of this process does not leave it', async () => {
    resolver.register('catalog', { address: 'a:1', attributes: {} });
    expect(await call(meshChannel([listGraphs]), listGraphs)).toBe(1);
    expect(went).toEqual(['here ListGraphs']);
  });

  it('goes to the host that the contract names, to its endpoints in turn', async () => {
    for (const address of ['a:1', 'b:1']) {
      resolver.register('catalog', { address, attributes: {} });
      resolver.register('iam', { address: `iam-${address}`, attributes: {} });
    }
    const channel = meshChannel();
    for (let i = 0; i < 2; i++) {
      await call(channel, listGraphs);
      await call(channel, login);
    }
    expect(went).toEqual(['a:1 ListGraphs', 'iam-a:1 Login', 'b:1 ListGraphs', 'iam-b:1 Login']);
  });

  it('of a service that is nowhere is unavailable, with when to come back', async () => {
    await expect(call(meshChannel([login]), listGraphs)).rejects.toMatchObject({
      reason: ErrorReason.UNAVAILABLE,
      retryAfterMs: 1_000,
      message: 'no catalog service is known just now',
    });
  });

  it('finds a service that came later', async () => {
    const channel = meshChannel();
    await call(channel, listGraphs).catch(() => {});
    resolver.register('catalog', { address: 'a:1', attributes: {} });
    await call(channel, listGraphs);
    expect(went).toEqual(['a:1 ListGraphs']);
  });
});
