import type { Signer } from '../../mesh/identity/assertion.ts';
import type { Caller } from '../../mesh/rpc/context.ts';

/** Who the process itself is: at once where that is known, else as a promise. */
export type SelfCaller = () => Caller | Promise<Caller>;

/** Remembers what a self assertion (see mesh/rpc/outgoing-call.ts) came to, so that calls need not wait for it. */
export function createSelfCaller(self: () => ReturnType<Signer>): SelfCaller {
  let promise: Promise<Caller> | undefined;
  let caller: Caller | undefined;
  return () => {
    const current = self();
    if (current === promise) return caller ?? current;
    promise = current;
    caller = undefined;
    const remember = (known: Caller) => {
      if (promise === current) caller = known;
    };
    current.then(remember, () => {});
    return current;
  };
}
