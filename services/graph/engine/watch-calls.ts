import type { BoundService } from '../../mesh/rpc/service.ts';

/** The same service, telling when the number of its calls under way becomes zero or more than zero. */
export function watchCalls(service: BoundService, onChange: (callsUnderWay: number) => void): BoundService {
  let callsUnderWay = 0;
  const methods = service.methods.map(({ desc, run }) => ({
    desc,
    run: async function* (...call: Parameters<typeof run>) {
      callsUnderWay += 1;
      if (callsUnderWay === 1) onChange(callsUnderWay);
      try {
        yield* run(...call);
      } finally {
        callsUnderWay -= 1;
        if (callsUnderWay === 0) onChange(callsUnderWay);
      }
    },
  }));
  return { desc: service.desc, methods };
}
