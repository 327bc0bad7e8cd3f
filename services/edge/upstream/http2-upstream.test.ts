import { create } from '@bufbuild/protobuf';
import { beforeAll } from 'vitest';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { PlacementService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { createSigner, createVerifier, type Signer, type Verifier } from '../../mesh/identity/assertion.ts';
import { parseMeshKey } from '../../mesh/identity/mesh-key.ts';
import { serveGrpc } from '../../mesh/rpc/grpc-server.ts';
import { bindStreams, silentLog } from '../../mesh/rpc/testing.ts';
import { Http2Upstreams } from './http2-upstream.ts';
import { contractMethods, describeUpstream } from './upstream.contract.ts';

const meshKey = parseMeshKey(
  JSON.stringify({
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  }),
);
let sign: Signer;
let verifier: Verifier;

beforeAll(async () => {
  sign = await createSigner('edge', meshKey.privateKey);
  verifier = await createVerifier(meshKey.publicKey);
});

describeUpstream('Http2Upstream', async (run) => {
  const services = [GraphService, PlacementService].map((desc) => ({
    desc,
    methods: contractMethods
      .filter(({ parent }) => parent === desc)
      .map((method) => bindStreams(method, run)),
  }));
  const address = '127.0.0.1:0';
  const server = await serveGrpc({ services, verifier, address, log: silentLog, drainMs: 0 });
  const upstreams = new Http2Upstreams({ log: silentLog, self: () => sign() });
  return {
    upstream: upstreams.get(server.endpoint),
    caller: await sign(create(PrincipalSchema, { principalId: 'key_1' })),
    close: async () => {
      await upstreams.close();
      await server.close();
    },
  };
});
