import {
  create,
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
import type { CallOptions, Channel } from './channel.ts';
import { givesStream, once, only, takesStream } from './service.ts';

type ClientMethod<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageInitShape<I>>, options?: CallOptions) => Promise<MessageShape<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? (
              requests: AsyncIterable<MessageInitShape<I>>,
              options?: CallOptions,
            ) => AsyncIterable<MessageShape<O>>
          : never;

/** The RPCs of a service as functions, wherever the service runs. They fail with RpcErrors. */
export type Client<S extends DescService> = { [K in keyof S['method']]: ClientMethod<S['method'][K]> };

/** A typed client of a service over a channel. */
export function createClient<S extends DescService>(service: S, channel: Channel): Client<S> {
  const methods = service.methods.map((method) => [method.localName, toFunction(method, channel)]);
  return Object.fromEntries(methods) as Client<S>;
}

function toFunction(method: DescMethod, channel: Channel) {
  return (input: Message | AsyncIterable<Message>, options?: CallOptions) => {
    const inputs = takesStream(method) ? (input as AsyncIterable<Message>) : once(input as Message);
    const responses = channel.call(method, completed(method, inputs), options);
    return givesStream(method) ? responses : only(responses);
  };
}

async function* completed(method: DescMethod, inputs: AsyncIterable<Message>): AsyncIterable<Message> {
  for await (const input of inputs) yield create(method.input, input);
}
