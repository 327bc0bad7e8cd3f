import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type Http2Stream,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { create, type DescMethod, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { GraphService } from '../../gen/trellis/graph/v1/graph_pb.js';
import type { Fields } from '../../services/edge/listener/exchange.ts';
import { closeAfterTest } from '../../services/edge/listener/testing.ts';
import { type Http2TestServer, serveHttp2 } from '../../services/edge/upstream/http2-server.testing.ts';
import { framed } from '../../services/edge/upstream/testing.ts';
import { type Envelope, frame } from '../../services/mesh/framing/envelope.ts';
import { EnvelopeReader } from '../../services/mesh/framing/envelope-reader.ts';
import { methodPath } from '../../services/mesh/policy/method-policy.ts';
import { startPassThrough } from '../support/pass-through.ts';

/** Methods of each kind: one message each way, a stream back, a stream there, streams both ways. */
export const { query, streamQuery, execute, importTable } = GraphService.method;
export const reflect = ServerReflection.method.serverReflectionInfo;

/** A message of a request to `query`, in its envelope. */
export const ask = framed(query, { graphId: 'g1', statement: 'RETURN 1' });
/** A message of a request to `importTable`, with so many bytes of a file. */
export const part = (bytes = 1) =>
  framed(importTable, { graphId: 'g1', body: { data: new Uint8Array(bytes) } });

/** A message of an answer, in its envelope. */
export function reply<M extends DescMethod>(method: M, message: MessageInitShape<M['output']>): Buffer {
  return frame(toBinary(method.output, create(method.output, message)));
}

/** The edge in front of an HTTP/2 server in which the test decides on each frame, and a client's connection to it. */
export interface Edge {
  readonly port: number;
  readonly url: string;
  readonly upstream: Http2TestServer;
  readonly session: ClientHttp2Session;
  /** Lets calls under way finish, for a moment. */
  close(): Promise<void>;
}

/** Starts an edge that ends with the test; `onStream` is called for each call that reaches its upstream. */
export async function startEdge(
  onStream?: (stream: ServerHttp2Stream) => void,
  messageBytesMax?: number,
): Promise<Edge> {
  const upstream = await serveHttp2(onStream);
  closeAfterTest(() => upstream.close());
  const { port, close } = await startPassThrough({
    services: [GraphService, ServerReflection],
    endpoint: upstream.address,
    ...(messageBytesMax && { messageBytesMax }),
  });
  closeAfterTest(close);
  return { port, url: `http://127.0.0.1:${port}`, upstream, session: dial(port), close };
}

/** A client's HTTP/2 connection. */
export function dial(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  closeAfterTest(() => session.destroy());
  return session;
}

export interface CallForm {
  readonly method: DescMethod;
  /** The content type. */
  readonly type: string;
  /** Further header fields, in order. */
  readonly fields?: Fields;
}

/** The head of an answer. */
export interface AnswerHead {
  readonly fields: IncomingHttpHeaders;
  /** In order, repeated ones apart. */
  readonly raw: Fields;
  /** The answer is nothing but this one HEADERS frame. */
  readonly isWhole: boolean;
}

/** A whole answer. */
export interface Answer extends AnswerHead {
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
  readonly rawTrailers: Fields;
  /** What the stream was closed with; 0 where nobody reset it. */
  readonly rstCode: number;
}

/** A call over HTTP/2, made by hand. */
export class RawCall {
  readonly stream: ClientHttp2Stream;
  /** Resolves as soon as the head of the answer is here. */
  readonly head: Promise<AnswerHead>;
  #chunks: Buffer[] = [];
  #trailers: IncomingHttpHeaders = {};
  #rawTrailers: Fields = [];
  #wake = () => {};

  constructor(session: ClientHttp2Session, { method, type, fields = [] }: CallForm) {
    const head = [':method', 'POST', ':path', methodPath(method), ':scheme', 'http', ':authority', 'edge'];
    this.stream = session.request([...head, 'content-type', type, 'te', 'trailers', ...fields]);
    this.stream.on('error', () => {});
    this.stream.on('trailers', (trailers, _flags, raw) => {
      this.#trailers = trailers;
      this.#rawTrailers = raw as unknown as Fields;
    });
    this.head = once(this.stream, 'response').then(([found, flags, raw]) => ({
      fields: found,
      raw,
      isWhole: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0,
    }));
    this.head.catch(() => {});
  }

  /** Begins to read the body of the answer. */
  read(): this {
    this.stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#wake();
    });
    return this;
  }

  get body(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Resolves when so many bytes of the body are here. */
  async received(bytes: number): Promise<void> {
    while (this.body.length < bytes)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  /** The whole answer, once the stream is closed. */
  async answer(): Promise<Answer> {
    const rstCode = await closed(this.stream);
    return {
      ...(await this.head),
      body: this.body,
      trailers: this.#trailers,
      rawTrailers: this.#rawTrailers,
      rstCode,
    };
  }
}

/** Begins a call whose answer is read. */
export function open({ session }: Pick<Edge, 'session'>, form: CallForm): RawCall {
  return new RawCall(session, form).read();
}

/** Makes a whole call. */
export function exchange(edge: Pick<Edge, 'session'>, form: CallForm, body: Buffer): Promise<Answer> {
  const call = open(edge, form);
  call.stream.end(body);
  return call.answer();
}

/** Resolves with the code that a stream was closed with. */
export async function closed(stream: Http2Stream): Promise<number> {
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  return stream.rstCode ?? 0;
}

/** The messages of a body. */
export function envelopes(body: Buffer): Envelope[] {
  const reader = new EnvelopeReader(2 ** 30);
  reader.push(body);
  const found: Envelope[] = [];
  for (let envelope = reader.next(); envelope; envelope = reader.next()) found.push(envelope);
  return found;
}

/** The values of a field, in order. */
export function valuesOf(fields: Fields, name: string): string[] {
  return fields.filter((_text, index) => index % 2 === 1 && fields[index - 1] === name);
}

/** The bytes of gRPC-Web's text form: blocks of base64, each padded by itself, of which Node reads one at a time. */
export function decodeText(body: Buffer): Buffer {
  const blocks = body.toString('latin1').split(/(?<==)(?!=)/);
  return Buffer.concat(blocks.map((block) => Buffer.from(block, 'base64')));
}
