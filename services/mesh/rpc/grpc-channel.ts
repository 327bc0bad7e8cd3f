import { type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Signer } from '../identity/assertion.ts';
import { methodPath } from '../policy/method-policy.ts';
import { callEnd } from './call-end.ts';
import type { Channel } from './channel.ts';
import { toGrpcTimeout } from './grpc-timeout.ts';
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
  const stream: Stream = client.makeBidiStreamRequest<Message | typeof noMessage, Message>(
    methodPath(method),
    (message) => (Buffer.isBuffer(message) ? message : Buffer.from(toBinary(method.input, message))),
    (bytes) => fromBinary(method.output, bytes),
    toMetadata(call),
  );
  const cancel = () => abandon(stream);
  call.signal.addEventListener('abort', cancel, { once: true });
  // An error after the last read, such as that of the cancel below, has nobody else to hear it.
  stream.on('error', () => {});
  let requestFailure: { readonly cause: unknown } | undefined;
  // Not waited for: the service may answer before all requests came.
  send(requests, stream).catch((cause: unknown) => {
    requestFailure = { cause };
    abandon(stream);
  });
  try {
    for await (const message of stream.iterator({ destroyOnReturn: false })) yield message;
  } catch (error) {
    if (requestFailure) throw requestFailure.cause;
    throw callEnd(call) ?? fromGrpcError(error as ServiceError);
  } finally {
    call.signal.removeEventListener('abort', cancel);
    abandon(stream);
  }
}

/** Bytes that are no message of any kind: a field has no number 0 and no wire type 7. */
const noMessage = Buffer.from([7]);

type Stream = ClientDuplexStream<Message | typeof noMessage, Message>;

/**
 * Cancels a call. When a stream is reset, Node's HTTP/2 ends its requests first, which the service could take for all
 * of them; where more could have come, it is sent something before that cannot be read.
 */
function abandon(stream: Stream): void {
  if (stream.writableEnded || stream.destroyed) {
    stream.cancel();
    return;
  }
  stream.end(noMessage);
  setImmediate(() => stream.cancel());
}

/** Sends the requests as fast as the server takes them. */
async function send(requests: AsyncIterable<Message>, stream: Stream) {
  for await (const request of requests) {
    if (stream.writableEnded || stream.destroyed) return;
    if (!stream.write(request)) await drained(stream);
  }
  if (!stream.writableEnded) stream.end();
}

function drained(stream: Stream): Promise<void> {
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
  // Said here, not by grpc-js' own deadline, which would cancel the call its own way.
  if (call.deadlineMs !== undefined) metadata.set('grpc-timeout', toGrpcTimeout(call.deadlineMs));
  return metadata;
}
