import type { ServerName } from './servers.ts';
import { ways } from './ways.ts';

/** One line of the report: a server, spoken to in one way. */
export interface Target {
  readonly server: ServerName;
  readonly way: keyof typeof ways;
  readonly goal?: Goal;
}

/** A ratio of requests per second to another target's. */
export interface Goal {
  readonly to: Pick<Target, 'server' | 'way'>;
  readonly ratio: number;
}

const nginx = { server: 'nginx', way: 'grpc' } as const;
/** A naive proxy has no REST: Connect JSON is the nearest it has. */
const naiveJsonHttp1 = { server: 'naive', way: 'connectJsonHttp1' } as const;

export const targets: readonly Target[] = [
  { server: 'direct', way: 'grpc' },
  nginx,
  { server: 'edge', way: 'grpc', goal: { to: nginx, ratio: 1 } },
  { server: 'naive', way: 'grpc' },
  { server: 'edge', way: 'connectProto', goal: { to: nginx, ratio: 0.8 } },
  { server: 'naive', way: 'connectProto' },
  { server: 'edge', way: 'connectJson', goal: { to: { server: 'naive', way: 'connectJson' }, ratio: 3 } },
  { server: 'naive', way: 'connectJson' },
  { server: 'edge', way: 'connectJsonHttp1', goal: { to: naiveJsonHttp1, ratio: 3 } },
  naiveJsonHttp1,
  { server: 'edge', way: 'restJson', goal: { to: naiveJsonHttp1, ratio: 3 } },
  { server: 'direct', way: 'grpcStream' },
  { server: 'nginx', way: 'grpcStream' },
  {
    server: 'edge',
    way: 'grpcStream',
    goal: { to: { server: 'nginx', way: 'grpcStream' }, ratio: 1 },
  },
];

/** The added p99 at the same rate may be this many times nginx's. */
export const addedLatencyRatio = 1.5;

export function nameOf({ server, way }: Pick<Target, 'server' | 'way'>): string {
  return `${server}, ${ways[way].name}`;
}
