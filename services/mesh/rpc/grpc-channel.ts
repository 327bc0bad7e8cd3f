import { type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  type CallOptions as GrpcCallOptions,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import type { Signer } from '../identity/assertion.ts';
import { methodPath } from '../policy/method-policy.ts';
import { callEnd } from './call-end.ts';
import type { Channel } from './channel.ts';
import { headers } from './headers.ts';
import { messageBytesMax } from './limits.ts';
import { type OutgoingCall, startCall } from './outgoing-call.ts';
import { fromGrpcError } from './status.ts';
import { toTraceparent } from './trace.ts';

const channelOptions = {
  'grpc.max_receive_message_length': messageBytesMax,
  'grpc.max_send_message_length': messageBytesMax,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.enable_retries': 0,
};

/** A channel to one address, over HTTP/2 without TLS. */
export function createGrpcChannel(address: string, self: () => ReturnType<Signer>): Channel {
  const client = new Client(address, credentials.createInsecure(), channelOptions);
  return {
    async *call(method, requests, options = {}) {
      const call = await startCall(options, self);
      try {
        yield* exchange(client, method, requests, call);
      } finally {
        call.end();
      }
    },
    close: async () => client.close(),
  };
}

/** Runs one call. Every kind of method goes as two streams, which on the wire is the same. */
async function* exchange(
  client: Client,
  method: DescMethod,
  requests: AsyncIterable<Message>,
  call: OutgoingCall,
): AsyncIterable<Message> {
  const stream = client.makeBidiStreamRequest<Message, Message>(
    methodPath(method),
    (message) => Buffer.from(toBinary(method.input, message)),
    (bytes) => fromBinary(method.output, bytes),
    toMetadata(call),
    toGrpcOptions(call),
  );
  const cancel = () => stream.cancel();
  call.signal.addEventListener('abort', cancel, { once: true });
  // An error after the last read, such as that of the cancel below, has nobody else to hear it.
  stream.on('error', () => {});
  let requestFailure: { readonly cause: unknown } | undefined;
  // Not waited for: the service may answer before all requests came.
  send(requests, stream).catch((cause: unknown) => {
    requestFailure = { cause };
    stream.cancel();
  });
  try {
    for await (const message of stream) yield message;
  } catch (error) {
    if (requestFailure) throw requestFailure.cause;
    throw callEnd(call) ?? fromGrpcError(error as ServiceError);
  } finally {
    call.signal.removeEventListener('abort', cancel);
    stream.cancel();
  }
}

/** Sends the requests as fast as the server takes them. */
async function send(requests: AsyncIterable<Message>, stream: ClientDuplexStream<Message, Message>) {
  for await (const request of requests) {
    if (stream.destroyed) return;
    if (!stream.write(request)) await drained(stream);
  }
  stream.end();
}

function drained(stream: ClientDuplexStream<Message, Message>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'close', 'end', 'error']) stream.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'end', 'error']) stream.on(event, done);
    if (stream.destroyed) done();
  });
}

function toMetadata(call: OutgoingCall): Metadata {
  const metadata = new Metadata();
  metadata.set(headers.assertion, call.caller.assertion);
  metadata.set(headers.requestId, call.requestId);
  metadata.set(headers.traceparent, toTraceparent(call.trace));
  if (call.clientAddress) metadata.set(headers.clientAddress, call.clientAddress);
  return metadata;
}

function toGrpcOptions(call: OutgoingCall): GrpcCallOptions {
  return call.deadlineMs === undefined ? {} : { deadline: call.deadlineMs };
}
