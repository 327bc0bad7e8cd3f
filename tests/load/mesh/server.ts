/** A service of the mesh whose handlers do nothing: what a call costs here, the mesh costs. Tells its CPU time when asked. */
import { toBinary } from '@bufbuild/protobuf';
import { GraphService, QueryResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { createVerifier } from '../../../services/mesh/identity/assertion.ts';
import { createLogger } from '../../../services/mesh/log/logger.ts';
import { EncodedMessage } from '../../../services/mesh/rpc/encoded-message.ts';
import { serveGrpc } from '../../../services/mesh/rpc/grpc-server.ts';
import { bindService } from '../../../services/mesh/rpc/service.ts';
import { queryResponse } from '../edge/messages.ts';

const { columns, rows, rowCount, revision } = queryResponse;
const answer = new EncodedMessage(toBinary(QueryResponseSchema, queryResponse));
const service = bindService(GraphService, {
  query: async () => answer,
  streamQuery: async function* () {},
  execute: async () => ({ columns, rows, rowCount, revision }),
  watchImport: async function* () {},
  importTable: async () => ({}),
  getSchema: async () => ({}),
});
const server = await serveGrpc({
  services: [service],
  verifier: await createVerifier(JSON.parse(process.env.VERIFICATION_KEY ?? '')),
  address: '127.0.0.1:0',
  log: createLogger('bench', 'info'),
});
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ endpoint: server.endpoint });
