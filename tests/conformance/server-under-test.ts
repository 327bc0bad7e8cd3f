/**
 * What the suite runs as its server under test: its own reference server as a gRPC upstream, with the edge in front.
 * The suite asks over standard input, one message, and reads over standard output where the edge listens.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PassThroughOptions, startPassThrough } from '../support/pass-through.ts';
import { delimit, readFirstDelimited } from './delimited.ts';
import { conformanceService, decode, encodeJson, type ServerRequest } from './messages.ts';
import { programPath } from './suite.ts';

/** Far above the limit that the suite sets, so that only the edge can be who holds it. */
const upstreamReceiveLimitBytes = 16 * 2 ** 20;

const scratch = mkdtempSync(join(tmpdir(), 'trellis-conformance-'));
const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
});
process.once('SIGTERM', () => process.exit(0));

const request = decode('ServerCompatRequest', await readFirstDelimited(process.stdin));
const edge = await startPassThrough({
  services: [conformanceService()],
  endpoint: await startReferenceServer(),
  messageBytesMax: request.messageReceiveLimit,
  ...tlsOptions(request),
});
const response = encodeJson('ServerCompatResponse', {
  host: '127.0.0.1',
  port: edge.port,
  pemCert: Buffer.from(request.serverCreds?.cert ?? []).toString('base64'),
});
process.stdout.write(delimit(response));

/** Starts the upstream; resolves with its endpoint. */
async function startReferenceServer(): Promise<string> {
  const server = spawn(programPath('referenceserver'), { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(server);
  server.once('exit', () => process.exit(1));
  const wanted = encodeJson('ServerCompatRequest', {
    protocol: 'PROTOCOL_GRPC',
    httpVersion: 'HTTP_VERSION_2',
    messageReceiveLimit: upstreamReceiveLimitBytes,
  });
  server.stdin.end(delimit(wanted));
  const { host, port } = decode('ServerCompatResponse', await readFirstDelimited(server.stdout));
  return `${host}:${port}`;
}

function tlsOptions({ useTls, serverCreds }: ServerRequest): Pick<PassThroughOptions, 'tls'> {
  if (!useTls || !serverCreds) return {};
  const tls = { certFile: join(scratch, 'cert.pem'), keyFile: join(scratch, 'key.pem') };
  writeFileSync(tls.certFile, serverCreds.cert);
  writeFileSync(tls.keyFile, serverCreds.key, { mode: 0o600 });
  return { tls };
}
