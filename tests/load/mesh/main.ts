/**
 * What a unary call costs a service of the mesh beside its handler: calls/s, CPU time and, where `perf` may be used,
 * instructions per call. One connection of our own client; the server has a core of its own. `npm run bench:mesh`.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { create, type DescMethod, toBinary } from '@bufbuild/protobuf';
import { exportJWK, generateKeyPair } from 'jose';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { Permission } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { frame } from '../../../services/mesh/framing/envelope.ts';
import { ClientConnection } from '../../../services/mesh/http2/client-connection.ts';
import type { Fields } from '../../../services/mesh/http2/stream.ts';
import { createSigner } from '../../../services/mesh/identity/assertion.ts';
import { methodPath } from '../../../services/mesh/policy/method-policy.ts';
import { headers } from '../../../services/mesh/rpc/headers.ts';
import { queryRequest } from '../edge/messages.ts';
import { raisePriority } from '../edge/priority.ts';
import { Answer } from './answer.ts';

const warmUpMs = 2_000;
const roundMs = 3_000;
const serverFile = process.argv[2] ?? new URL('server.ts', import.meta.url).pathname;

raisePriority();
const pair = await generateKeyPair('EdDSA', { extractable: true });
const sign = await createSigner('edge', await exportJWK(pair.privateKey));
const permissions = Object.values(Permission).filter((value) => typeof value === 'number');
const principal = create(PrincipalSchema, { principalId: 'key_1', organizationId: 'org_1', permissions });
const { assertion } = await sign(principal);

const server = fork(serverFile, {
  env: { ...process.env, VERIFICATION_KEY: JSON.stringify(await exportJWK(pair.publicKey)) },
});
const [{ endpoint }] = (await once(server, 'message')) as [{ endpoint: string }];
const [host, port] = endpoint.split(':');
const socket = connect({ host: host ?? '', port: Number(port), noDelay: true });
const connection = new ClientConnection(
  socket,
  {
    streamWindowBytes: 512 * 1024,
    connectionWindowBytes: 16 * 2 ** 20,
    isCreditedAtOnce: true,
    settings: {},
    headerListBytesMax: 64 * 1024,
    headerTableBytesMax: 64 * 1024,
  },
  { onSettings() {}, onGoaway() {}, onStreamGone() {}, onClosed() {}, onBug: fail },
);

console.log('| method | calls under way | calls/s | server µs a call | server instructions a call |');
console.log('| --- | --- | --- | --- | --- |');
for (const method of [GraphService.method.query, GraphService.method.execute]) {
  await load(method, 16, warmUpMs);
  for (const callsUnderWay of [1, 16, 64]) await measure(method, callsUnderWay);
}
server.disconnect();
socket.destroy();

async function measure(method: DescMethod, callsUnderWay: number): Promise<void> {
  const perf = await countInstructions(server.pid as number);
  const before = await cpuMicrosOf(server);
  const startMs = performance.now();
  const calls = await load(method, callsUnderWay, roundMs);
  const seconds = (performance.now() - startMs) / 1000;
  const micros = (await cpuMicrosOf(server)) - before;
  const instructions = await perf?.stop();
  const perCall = instructions === undefined ? '–' : Math.round(instructions / calls).toLocaleString('en');
  const row = [method.name, callsUnderWay, Math.round(calls / seconds), (micros / calls).toFixed(1), perCall];
  console.log(`| ${row.join(' | ')} |`);
}

/** Keeps so many calls under way; resolves with how many were answered. */
function load(method: DescMethod, callsUnderWay: number, durationMs: number): Promise<number> {
  const head: Fields = [
    ...[':method', 'POST', ':scheme', 'http', ':authority', endpoint, ':path', methodPath(method)],
    ...['content-type', 'application/grpc+proto', 'te', 'trailers', headers.assertion, assertion],
  ];
  const body = frame(toBinary(method.input, create(method.input, queryRequest)));
  const endMs = performance.now() + durationMs;
  let answered = 0;
  let underWay = 0;
  return new Promise((resolve) => {
    const begin = () => {
      underWay++;
      const stream = connection.request(headOf(head, answered + underWay), new Answer(onAnswer, fail));
      stream.write(body);
      stream.end();
    };
    const onAnswer = () => {
      answered++;
      underWay--;
      if (performance.now() < endMs) begin();
      else if (underWay === 0) resolve(answered);
    };
    for (let i = 0; i < callsUnderWay; i++) begin();
  });
}

/** What the edge says anew with each call. */
function headOf(fields: Fields, count: number): Fields {
  const id = count.toString(16).padStart(16, '0');
  const own = [headers.requestId, `0000000-${id}`, headers.traceparent, `00-${id}${id}-${id}-00`];
  return [...fields, ...own, 'grpc-timeout', `${299_999 - (count % 3)}m`, headers.clientAddress, '192.0.2.1'];
}

function fail(error: unknown): void {
  console.error(error);
  server.kill();
  process.exit(1);
}

async function cpuMicrosOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ cpuMicros }] = (await once(child, 'message')) as [{ cpuMicros: number }];
  return cpuMicros;
}

/** Counts what a process does; undefined where `perf` is not to be had. */
async function countInstructions(pid: number): Promise<{ stop(): Promise<number> } | undefined> {
  const events = 'instructions:u,instructions:k';
  const perf = spawn('perf', ['stat', '-x', ';', '-e', events, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  perf.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const gone = new Promise<void>((resolve) => {
    perf.once('close', () => resolve());
    perf.once('error', () => resolve());
  });
  const isReady = await Promise.race([gone.then(() => false), once(perf, 'spawn').then(() => true)]);
  if (!isReady) return undefined;
  return {
    stop: async () => {
      perf.kill('SIGINT');
      await gone;
      return output
        .split('\n')
        .map((line) => Number.parseInt(line, 10))
        .filter((count) => Number.isFinite(count))
        .reduce((sum, count) => sum + count, 0);
    },
  };
}
