/**
 * What the suite runs as its client under test: its own reference client, sent through an edge. Each call that the
 * suite asks for over standard input is addressed anew, to an edge in front of the server that it names; the answers
 * go from the client to the suite as they are.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startPassThrough } from '../support/pass-through.ts';
import { delimit, readDelimited } from './delimited.ts';
import { type ClientRequest, conformanceService, decode, encode } from './messages.ts';
import { programPath } from './suite.ts';

/** The number of COMPRESSION_IDENTITY. */
const identityCompression = '1';

const services = [conformanceService()];
const edges = new Map<string, ReturnType<typeof startPassThrough>>();
const client = spawn(programPath('referenceclient'), { stdio: ['pipe', 'inherit', 'inherit'] });
process.once('exit', () => client.kill('SIGKILL'));
process.once('SIGTERM', () => process.exit(0));
client.once('exit', (code) => process.exit(code ?? 1));

for await (const bytes of readDelimited(process.stdin)) {
  const request = decode('ClientCompatRequest', bytes);
  const edge = await edgeBefore(`${request.host}:${request.port}`);
  request.host = '127.0.0.1';
  request.port = edge.port;
  expectNoCompression(request);
  if (!client.stdin.write(delimit(encode('ClientCompatRequest', request)))) await once(client.stdin, 'drain');
}
client.stdin.end();

/**
 * The suite's server is told how the client compresses, and complains if it sees something else. Compression is a
 * matter of one hop: the edge inflates what clients send and speaks to upstreams without.
 */
function expectNoCompression({ requestHeaders }: ClientRequest): void {
  const header = requestHeaders.find(({ name }) => name === 'x-expect-compression');
  if (header) header.value = [identityCompression];
}

function edgeBefore(endpoint: string): ReturnType<typeof startPassThrough> {
  let edge = edges.get(endpoint);
  if (!edge) {
    edge = startPassThrough({ services, endpoint });
    edges.set(endpoint, edge);
  }
  return edge;
}
