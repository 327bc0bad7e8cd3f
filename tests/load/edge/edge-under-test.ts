/** The real edge with its real admission, in front of the benchmark's upstream and a scripted control plane. */
import { readEdgeConfig } from '../../../services/edge/config.ts';
import { startEdge } from '../../../services/edge/server.ts';
import { createStaticResolver } from '../../../services/mesh/discovery/static-resolver.ts';
import { createLogger } from '../../../services/mesh/log/logger.ts';
import { createControlPlane } from './control-plane.ts';
import { reportReady } from './ready.ts';

const { BENCH_UPSTREAM_PORT = '', BENCH_API_KEY = '' } = process.env;
const log = createLogger('edge', 'warn');
const control = await createControlPlane(BENCH_API_KEY, `127.0.0.1:${BENCH_UPSTREAM_PORT}`, log);
const edge = await startEdge({
  config: readEdgeConfig({ TRELLIS_EDGE_PORT: '0', TRELLIS_ADMIN_PORT: '0', TRELLIS_EDGE_DRAIN_MS: '0' }),
  channel: control.channel,
  local: control.channel,
  resolver: createStaticResolver(new Map()),
  self: control.self,
  sign: control.sign,
  log,
});
// A profile is written when the process ends by itself.
process.once('SIGTERM', () => process.exit());
while (!edge.readiness.isReady) await new Promise(setImmediate);
reportReady({ http2: edge.port, http1: edge.port });
