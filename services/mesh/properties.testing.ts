import fc from 'fast-check';

/**
 * fast-check with one seed for every run, so that a change is judged by itself and not by luck. TRELLIS_TEST_SEED is
 * another one, or `random` to look for what nobody has met yet.
 */
const seed = process.env.TRELLIS_TEST_SEED ?? '20261123';
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) });

export { fc };
