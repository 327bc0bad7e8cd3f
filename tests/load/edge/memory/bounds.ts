/**
 * What the edge may hold of a call whose client, or service, does not read. Each is the sum of what its parts say of
 * themselves; what the system holds on the way comes on top where a peer does not read its socket.
 */
const kibibyte = 1_024;
/** HTTP/2's largest frame, and so the chunk that goes over a limit. */
const frameBytes = 16 * kibibyte;
/** What a stream of services/mesh/http2 queues (stream.ts). */
const streamQueueBytes = 64 * kibibyte;
/** What a connection has unsent before its streams wait (services/mesh/http2/connection.ts). */
const unsentBytes = 512 * kibibyte;
/** What a service may send of an answer that is not read (upstream/session.ts). */
const serviceWindowBytes = 512 * kibibyte;
/** What a client may send of an upload that is not read (listener/http2-connection.ts). */
const clientWindowBytes = 1_024 * kibibyte;
/** What a stream of Node's holds, and what a socket reads at once. */
const nodeBytes = 64 * kibibyte;
/** Messages that wait for a client of REST (data-path/message-forward.ts). */
const waitingMessagesBytes = 256 * kibibyte;
/** Messages that wait to be changed (services/mesh/framing/frame-transformer.ts). */
const pipeBytes = 64 * kibibyte;

/** The most that a service can push towards a reader that does not read, beyond what the reader's side took. */
export const pushedBytesMax = {
  /** Over HTTP/2 with a window: beyond that window. */
  window: serviceWindowBytes + streamQueueBytes + frameBytes,
  /** Over HTTP/2 without reading the socket. */
  socket: serviceWindowBytes + streamQueueBytes + unsentBytes + 2 * frameBytes,
  /** Connect's JSON over HTTP/1.1: the pipe, the response, its socket; a message under way in each. */
  connect: (messageBytes: number) =>
    serviceWindowBytes + pipeBytes + 3 * nodeBytes + frameBytes + 3 * messageBytes,
  /** REST's NDJSON over HTTP/1.1: the messages, the response as a stream, Node's own and its socket. */
  ndjson: (messageBytes: number) =>
    serviceWindowBytes + waitingMessagesBytes + 3 * nodeBytes + frameBytes + 4 * messageBytes,
} as const;

/** The most that the edge accepts of an upload whose service does not read, beyond what the service's side took. */
export const acceptedBytesMax = {
  grpc: clientWindowBytes + streamQueueBytes + frameBytes,
  /** REST: the request as Node has it, as a stream, the chunk under way, what waits in the service's stream. */
  rest: 2 * nodeBytes + 4 * nodeBytes + streamQueueBytes,
} as const;

/** What the edge keeps of a request to send it again (data-path/request-log.ts). */
export const keptBytesMax = 4 * 1_024 * kibibyte + 5;
/** What a byte of a request may cost in memory, however small the pieces that it comes in. */
export const memoryFactorMax = 2;
/** What a call and its connection cost beside their bytes. */
export const callBytesMax = 256 * kibibyte;

/** What garbage may add to resident memory before it is collected, whatever the load. */
export const garbageBytesMax = 128 * 1_024 * kibibyte;
/** What the heap may grow by in 100,000 calls: five bytes a call are no leak that anybody finds in a day. */
export const growthBytesMax = 512 * kibibyte;
/** What may stay in the heap of 1,000 connections and streams that are gone. */
export const restBytesMax = 2 * 1_024 * kibibyte;
