import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:http2';
import { type Way, ways } from './ways.ts';

/** What one call answered, down to the bytes. */
export interface ProbeAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly grpcStatus: string | undefined;
}

/** Sends exactly what the load generators send, once, and reads the answer to its end. */
export async function probe(way: Way, port: number, credential: string): Promise<ProbeAnswer> {
  const headers = { ...way.headers, authorization: `Bearer ${credential}` };
  return way.version === 'http2' ? probeHttp2(way, port, headers) : probeHttp1(way, port, headers);
}

/** Throws unless the answer is a success in the way's own terms. */
export function requireSuccess(name: string, way: Way, { status, body, grpcStatus }: ProbeAnswer): void {
  const isGrpc = way === ways.grpc || way === ways.grpcStream;
  if (status === 200 && body.length > 0 && (!isGrpc || grpcStatus === '0')) return;
  throw new Error(
    `${name}: status ${status}, grpc-status ${grpcStatus}, body ${body.toString('utf8', 0, 500)}`,
  );
}

async function probeHttp2({ path, body }: Way, port: number, headers: Record<string, string>) {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
    stream.end(body);
    let grpcStatus: string | undefined;
    stream.once('trailers', (trailers) => {
      grpcStatus = trailers['grpc-status']?.toString();
    });
    const [head] = await once(stream, 'response');
    const parts = await stream.toArray();
    return {
      status: Number(head[':status']),
      body: Buffer.concat(parts),
      grpcStatus: grpcStatus ?? head['grpc-status']?.toString(),
    };
  } finally {
    session.destroy();
  }
}

async function probeHttp1({ path, body }: Way, port: number, headers: Record<string, string>) {
  const call = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false });
  call.end(body);
  const [response] = await once(call, 'response');
  return {
    status: response.statusCode,
    body: Buffer.concat(await response.toArray()),
    grpcStatus: undefined,
  };
}
