import { type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import {
  type handleBidiStreamingCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import type { Verifier } from '../identity/assertion.ts';
import type { Logger } from '../log/logger.ts';
import { methodPath } from '../policy/method-policy.ts';
import { createDispatcher, type Dispatcher, type IncomingCall } from './dispatcher.ts';
import { type Answer, EncodedMessage } from './encoded-message.ts';
import { toRpcError } from './error.ts';
import { headers, isRequestId } from './headers.ts';
import { messageBytesMax } from './limits.ts';
import type { BoundService } from './service.ts';
import { toGrpcStatus } from './status.ts';
import { childTrace } from './trace.ts';

export interface GrpcServerOptions {
  readonly services: readonly BoundService[];
  readonly verifier: Verifier;
  /** host:port; port 0 takes a free one. */
  readonly address: string;
  readonly log: Logger;
  /** How long close() waits for calls under way. */
  readonly drainMs?: number;
}

/** A server on the network. */
export interface GrpcServer {
  /** host:port that it listens on. */
  readonly endpoint: string;
  /** Ends it: no new calls, those under way finish or are cut off after the drain time. */
  close(): Promise<void>;
}

const serverOptions = {
  'grpc.max_receive_message_length': messageBytesMax,
  'grpc.max_send_message_length': messageBytesMax,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 5_000,
};

/** Serves bound services to other services of the mesh, over HTTP/2 without TLS. */
export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  const dispatcher = createDispatcher(options.services, options.log);
  const server = new Server(serverOptions);
  for (const { desc, methods } of options.services) {
    const definition: Record<string, ServiceDefinition[string]> = {};
    const handlers: Record<string, handleBidiStreamingCall<Message, Answer>> = {};
    for (const { desc: method } of methods) {
      definition[method.name] = toDefinition(method);
      handlers[method.name] = (stream) => void respond(dispatcher, method, stream, options.verifier);
    }
    if (desc.methods.length > 0) server.addService(definition, handlers);
  }
  const port = await bind(server, options.address);
  const host = options.address.slice(0, options.address.lastIndexOf(':'));
  return { endpoint: `${host}:${port}`, close: () => close(server, options.drainMs ?? 5_000) };
}

/** Every method is served as two streams: on the wire the kinds look the same, and one way through is enough. */
function toDefinition(method: DescMethod): ServiceDefinition[string] {
  return {
    path: methodPath(method),
    requestStream: true,
    responseStream: true,
    requestSerialize: (message: Message) => Buffer.from(toBinary(method.input, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
    responseSerialize: (answer: Answer) =>
      Buffer.from(answer instanceof EncodedMessage ? answer.bytes : toBinary(method.output, answer)),
    responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
  };
}

type Stream = ServerDuplexStream<Message, Answer>;

async function respond(dispatcher: Dispatcher, method: DescMethod, stream: Stream, verifier: Verifier) {
  const over = new AbortController();
  stream.on('cancelled', () => over.abort());
  const sentRequestId = text(stream.metadata, headers.requestId);
  const requestId = isRequestId(sentRequestId) ? sentRequestId : crypto.randomUUID();
  try {
    const call = await toIncomingCall(stream, requestId, over.signal, verifier);
    const requests: AsyncIterable<Message> = stream.iterator({ destroyOnReturn: false });
    for await (const response of dispatcher.dispatch(methodPath(method), requests, call)) {
      if (!stream.write(response)) await drained(stream, over.signal);
      if (over.signal.aborted) return;
    }
    stream.end();
  } catch (thrown) {
    stream.emit('error', toGrpcStatus(toRpcError(thrown), requestId));
  }
}

async function toIncomingCall(
  stream: Stream,
  requestId: string,
  signal: AbortSignal,
  verifier: Verifier,
): Promise<IncomingCall> {
  const deadline = stream.getDeadline();
  const deadlineMs = deadline instanceof Date ? deadline.getTime() : deadline;
  return {
    caller: await verifier(text(stream.metadata, headers.assertion)),
    requestId,
    clientAddress: text(stream.metadata, headers.clientAddress) ?? '',
    deadlineMs: Number.isFinite(deadlineMs) ? deadlineMs : undefined,
    signal,
    trace: childTrace(text(stream.metadata, headers.traceparent)),
  };
}

function text(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return typeof value === 'string' ? value : undefined;
}

function drained(stream: Stream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    stream.on('drain', done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}

function close(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), drainMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
