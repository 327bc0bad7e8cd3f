import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodClientStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import type { CallContext } from './context.ts';
import { type Answer, EncodedMessage } from './encoded-message.ts';

/** What a handler answers with: a message's fields, or the message in its wire form. */
export type HandlerResponse<O extends DescMessage = DescMessage> = MessageInitShape<O> | EncodedMessage;

/** The one shape of a handler: `(request, context) => response`, either side a stream where the contract says so. */
export type Handler<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, context: CallContext) => Promise<HandlerResponse<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, context: CallContext) => AsyncIterable<HandlerResponse<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageShape<I>>, context: CallContext) => Promise<HandlerResponse<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? (
              requests: AsyncIterable<MessageShape<I>>,
              context: CallContext,
            ) => AsyncIterable<HandlerResponse<O>>
          : never;

/** A handler for each RPC of a service. */
export type Handlers<S extends DescService> = { [K in keyof S['method']]: Handler<S['method'][K]> };

/** What a handler is given: a stream where the method takes one. */
export type Input = Message | AsyncIterable<Message>;

/** A method with its handler, the types erased. */
export interface BoundMethod {
  readonly desc: DescMethod;
  /** Answers a call; may throw, too. */
  readonly handle: (
    input: Input,
    context: CallContext,
  ) => Promise<HandlerResponse> | AsyncIterable<HandlerResponse>;
}

/** A service with its handlers: a line of a `routes.ts`. */
export interface BoundService {
  readonly desc: DescService;
  readonly methods: readonly BoundMethod[];
}

/** Binds a service to its handlers. */
export function bindService<S extends DescService>(desc: S, handlers: Handlers<S>): BoundService {
  const methods = desc.methods.map((method) => {
    const handle = handlers[method.localName as keyof S['method']] as BoundMethod['handle'];
    return { desc: method, handle };
  });
  return { desc, methods };
}

/** A handler's response as what goes out. */
export function toAnswer(method: DescMethod, response: HandlerResponse): Answer {
  return response instanceof EncodedMessage ? response : create(method.output, response);
}

/** True where the client sends a stream. */
export function takesStream(method: DescMethod): boolean {
  return method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming';
}

/** True where the server sends a stream. */
export function givesStream(method: DescMethod): boolean {
  return method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming';
}

/** True where a call that may have been made can be made again without harm. */
export function isIdempotent({ idempotency }: DescMethod): boolean {
  return idempotency !== Idempotency.IDEMPOTENCY_UNKNOWN;
}

/** True for a stream, as opposed to one message or the promise of one. */
export function isStream<T>(value: AsyncIterable<T> | object): value is AsyncIterable<T> {
  return Symbol.asyncIterator in value;
}

/** The one message of a stream that must have exactly one. */
export async function only<T>(messages: AsyncIterable<T>): Promise<T> {
  let first: { readonly message: T } | undefined;
  for await (const message of messages) {
    if (first) throw new Error('one message expected, more came');
    first = { message };
  }
  if (!first) throw new Error('one message expected, none came');
  return first.message;
}

/** A stream of one message. */
export async function* once<T>(message: T): AsyncIterable<T> {
  yield message;
}
