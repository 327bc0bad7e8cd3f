import { describe, expect, test } from 'vitest';
import { BusyError, createPasswordHasher } from './password-hasher.ts';

const cheap = { memoryCostKib: 64, timeCost: 1 };

describe('password hasher', () => {
  test('a password is verified by its own hash only', async () => {
    const hasher = await createPasswordHasher({ concurrentMax: 1, waitingMax: 10, ...cheap });
    const hash = await hasher.hash('correct');
    expect(await hasher.verify('correct', hash)).toBe(true);
    expect(await hasher.verify('wrong', hash)).toBe(false);
    expect(await hasher.hash('correct')).not.toBe(hash);
  });

  test('without a hash the answer is false', async () => {
    const hasher = await createPasswordHasher({ concurrentMax: 1, waitingMax: 10, ...cheap });
    expect(await hasher.verify('anything', undefined)).toBe(false);
  });

  test('beyond the ones running and waiting a call is refused at once; when they are through it works again', async () => {
    const hasher = await createPasswordHasher({ concurrentMax: 2, waitingMax: 3, ...cheap });
    const admitted = Array.from({ length: 5 }, () => hasher.hash('a'));
    await expect(hasher.hash('a')).rejects.toThrow(BusyError);
    await expect(hasher.verify('a', undefined)).rejects.toThrow(BusyError);
    await Promise.all(admitted);
    await hasher.hash('a');
  });

  test('a failing hash gives its place back', async () => {
    const hasher = await createPasswordHasher({ concurrentMax: 1, waitingMax: 0, ...cheap });
    await expect(hasher.verify('a', 'no PHC string')).rejects.toThrow();
    await hasher.hash('a');
  });
});
