import { create, type DescMethod } from '@bufbuild/protobuf';
import { Access, type MethodPolicy, MethodPolicySchema } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { Logger } from '../../mesh/log/logger.ts';
import type { Channel } from '../../mesh/rpc/channel.ts';
import { createDispatcher } from '../../mesh/rpc/dispatcher.ts';
import { createInProcessChannel } from '../../mesh/rpc/in-process-channel.ts';
import type { BoundService } from '../../mesh/rpc/service.ts';
import type { ForwardBytes } from '../inbound-call.ts';
import { MethodTable } from '../method-table.ts';
import { createChannelUpstream } from '../upstream/channel-upstream.ts';

/** Services that the edge answers itself, for everybody: health and reflection, whose contracts are others'. */
export interface LocalServices {
  readonly table: MethodTable;
  readonly forward: ForwardBytes;
}

const everybody = create(MethodPolicySchema, { access: Access.PUBLIC });

/** Serves bound services at the edge itself. */
export function createLocalServices(services: readonly BoundService[], log: Logger): LocalServices {
  const policyOf = (_method: DescMethod): MethodPolicy => everybody;
  const dispatcher = createDispatcher(services, log, policyOf);
  const channel: Channel = createInProcessChannel(dispatcher, async () => ({
    service: 'edge',
    assertion: '',
  }));
  const upstream = createChannelUpstream(channel, log);
  const table = new MethodTable(
    services.map(({ desc }) => desc),
    policyOf,
  );
  return {
    table,
    forward: ({ desc, path }, head, sink) =>
      upstream.open({ ...head, method: desc, path, caller: undefined }, sink),
  };
}
