import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** Hashes passwords off the event loop, a bounded number at a time. */
export interface PasswordHasher {
  /** A PHC string of argon2id. Throws BusyError where too many wait. */
  hash(password: string): Promise<string>;
  /** True where the password has this hash. Without a hash it takes as long, and the answer is false. */
  verify(password: string, passwordHash: string | undefined): Promise<boolean>;
}

/** Too many hashes wait already. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
}

export interface PasswordHasherOptions {
  /** Hashes at a time. */
  readonly concurrentMax: number;
  /** Callers that may wait for their turn. */
  readonly waitingMax: number;
  /** argon2id: KiB of memory and passes over it. OWASP's recommendation where not stated. */
  readonly memoryCostKib?: number;
  readonly timeCost?: number;
}

/** A hasher, with the hash that unknown accounts are verified against. */
export async function createPasswordHasher(options: PasswordHasherOptions): Promise<PasswordHasher> {
  const { memoryCostKib: memoryCost = 19_456, timeCost = 2 } = options;
  const cost = { memoryCost, timeCost, parallelism: 1 };
  const run = createTurns(options.concurrentMax, options.waitingMax);
  const nobodysHash = await hash(randomBytes(32), cost);
  return {
    hash: (password) => run(() => hash(password, cost)),
    verify: async (password, passwordHash) => {
      const matches = await run(() => verify(passwordHash ?? nobodysHash, password));
      return matches && passwordHash !== undefined;
    },
  };
}

/** Runs tasks in their order, no more than some at a time; refuses when too many wait. */
function createTurns(concurrentMax: number, waitingMax: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(task: () => Promise<T>): Promise<T> => {
    if (running < concurrentMax) running++;
    else if (waiting.length >= waitingMax) throw new BusyError('too many password hashes wait');
    // Whoever ends hands its place on, so running stays as it is.
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
