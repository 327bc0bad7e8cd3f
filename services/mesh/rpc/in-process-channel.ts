import type { Signer } from '../identity/assertion.ts';
import { methodPath } from '../policy/method-policy.ts';
import { untilCallEnd } from './call-end.ts';
import type { Channel } from './channel.ts';
import type { Dispatcher } from './dispatcher.ts';
import { toMessage } from './encoded-message.ts';
import { startCall } from './outgoing-call.ts';

/** A channel to services of the same process: the same dispatch as over the network, without bytes. */
export function createInProcessChannel(dispatcher: Dispatcher, self: () => ReturnType<Signer>): Channel {
  return {
    async *call(method, requests, options = {}) {
      const call = await startCall(options, self);
      try {
        const answers = untilCallEnd(dispatcher.dispatch(methodPath(method), requests, call), call);
        for await (const answer of answers) yield toMessage(method.output, answer);
      } finally {
        call.end();
      }
    },
    close: async () => {},
  };
}
