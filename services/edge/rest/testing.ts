import { once } from 'node:events';
import { request as http1Request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:http2';
import type { Duplex, Readable } from 'node:stream';
import { childTrace } from '../../mesh/rpc/trace.ts';
import type { InboundCall } from '../inbound-call.ts';
import { listenOnePort } from '../listener/one-port.ts';
import type { RestRequest } from './body.ts';
import { createRestHandler, type RestHandlerOptions, type RestOutcome } from './handler.ts';
import type { RestResponse } from './response.ts';

interface TestRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** An answer under way. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** Breaks off: resets the stream, or cuts the connection. */
  abort(): void;
}

export interface TestServer {
  /** Sends a request; the body can be written on, and the answer comes by itself. */
  open(request: TestRequest): {
    readonly upload: NodeJS.WritableStream;
    readonly answer: Promise<OpenAnswer>;
    abort(): void;
  };
  /** Sends a request and reads the whole answer. */
  send(
    request: TestRequest,
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer; json(): unknown }>;
  /** How the requests ended, in the order they did. */
  readonly outcomes: RestOutcome[];
  /** Lets the next request fail before there is a call. */
  failNext(error: Error): void;
  /** Resolves when a request ended. */
  ended(): Promise<RestOutcome>;
  close(): Promise<void>;
}

/** A real server with a REST handler behind it, doing what the edge does around it. For tests. */
export async function startRestServer(
  protocol: 'http1' | 'http2',
  options: RestHandlerOptions,
): Promise<TestServer> {
  const handler = createRestHandler(options);
  const outcomes: RestOutcome[] = [];
  const refusals: Error[] = [];
  const waiting: ((outcome: RestOutcome) => void)[] = [];
  const listener = async (request: RestRequest, response: RestResponse) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const match = handler.match(request.method ?? '', request.url ?? '');
    const call = testCall({ signal: gone.signal });
    const refusal = refusals.shift();
    const outcome = refusal
      ? await handler.fail(refusal, request, response, call)
      : await handler.serve(match, request, response, call);
    outcomes.push(outcome);
    for (const resolve of waiting.splice(0)) resolve(outcome);
  };
  const isHttp1 = protocol === 'http1';
  const server = await listenOnePort({
    port: 0,
    host: '127.0.0.1',
    handler: { rpc: () => false, http: (request, response) => void listener(request, response) },
  });
  const origin = `http://127.0.0.1:${server.port}`;
  const client = isHttp1 ? http1Client(origin) : http2Client(origin);
  return {
    outcomes,
    failNext: (error) => refusals.push(error),
    ended: () => new Promise((resolve) => waiting.push(resolve)),
    open: client.open,
    send: async ({ body, headers = {}, ...request }) => {
      // Node's client would send the body of a GET or DELETE without saying that there is one.
      const isSilent = body !== undefined && ['GET', 'DELETE'].includes(request.method);
      const length = isSilent ? { 'content-length': `${Buffer.byteLength(body)}` } : {};
      const { upload, answer } = client.open({ ...request, headers: { ...headers, ...length } });
      upload.on('error', () => {});
      if (body === undefined) upload.end();
      else upload.end(body);
      const { status, headers: received, body: content } = await answer;
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(chunk);
      const whole = Buffer.concat(chunks);
      return { status, headers: received, body: whole, json: () => JSON.parse(whole.toString()) };
    },
    close: async () => {
      client.close();
      await server.close(0);
    },
  };
}

/** A call as the edge would build it. */
function testCall(overrides: Partial<InboundCall> = {}): InboundCall {
  return {
    requestId: 'req_1',
    credential: undefined,
    clientAddress: '127.0.0.1',
    deadlineMs: 1_750_000_000_000,
    endMs: 1_750_000_000_000,
    signal: new AbortController().signal,
    trace: childTrace(undefined),
    metadata: [],
    responseHeaders: new Map([
      ['ratelimit', '"graph_query";r=9;t=6'],
      ['connection', 'close'],
    ]),
    ...overrides,
  };
}

type Client = Pick<TestServer, 'open'> & { close(): void };

function http1Client(origin: string): Client {
  return {
    close: () => {},
    open: ({ method, path, headers = {} }) => {
      const request = http1Request(`${origin}${path}`, { method, headers });
      const answer = once(request, 'response').then(([response]): OpenAnswer => {
        const { statusCode: status = 0, headers: received } = response;
        return { status, headers: received, body: response, abort: () => request.destroy() };
      });
      return { upload: request, answer, abort: () => request.destroy() };
    },
  };
}

function http2Client(origin: string): Client {
  const session = connect(origin);
  session.on('error', () => {});
  return {
    close: () => session.destroy(),
    open: ({ method, path, headers = {} }) => {
      const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: false });
      const abort = () => stream.close(0x8);
      const answer = once(stream, 'response').then(([received]): OpenAnswer => {
        return { status: received[':status'], headers: received, body: stream as Duplex, abort };
      });
      return { upload: stream, answer, abort };
    },
  };
}
