import type { DescMethod, Message } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Signer } from '../identity/assertion.ts';
import { methodPath } from '../policy/method-policy.ts';
import { callEnd, type EndingCall, untilCallEnd } from './call-end.ts';
import type { Channel } from './channel.ts';
import type { Dispatcher } from './dispatcher.ts';
import { type Answer, toMessage } from './encoded-message.ts';
import { rpcError, toRpcError } from './error.ts';
import { type OutgoingCall, startCall } from './outgoing-call.ts';
import { isStream, once, only } from './service.ts';

/** A channel to services of the same process: the same dispatch as over the network, without bytes. */
export function createInProcessChannel(dispatcher: Dispatcher, self: () => ReturnType<Signer>): Channel {
  return {
    async *call(method, requests, options = {}) {
      const call = await startCall(options, self);
      try {
        const answers = untilCallEnd(run(dispatcher, method, requests, call), call);
        for await (const answer of answers) yield toMessage(method.output, answer);
      } finally {
        call.end();
      }
    },
    close: async () => {},
  };
}

async function* run(
  dispatcher: Dispatcher,
  method: DescMethod,
  requests: AsyncIterable<Message>,
  call: OutgoingCall,
): AsyncIterable<Answer> {
  const served = dispatcher.find(methodPath(method));
  if (!served) throw rpcError(ErrorReason.METHOD_NOT_FOUND, `no method ${methodPath(method)}`);
  const output = served.run(served.takesStream ? requests : await onlyRequest(requests, call), call);
  yield* isStream(output) ? output : once(await output);
}

async function onlyRequest(requests: AsyncIterable<Message>, call: EndingCall): Promise<Message> {
  try {
    return await only(untilCallEnd(requests, call));
  } catch (thrown) {
    throw callEnd(call) ?? toRpcError(thrown);
  }
}
