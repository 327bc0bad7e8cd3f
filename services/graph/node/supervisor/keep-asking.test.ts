import { expect, test } from 'vitest';
import { TestClock } from '../../../mesh/process/clock.testing.ts';
import { keepAsking } from './keep-asking.ts';

const silenceMs = 30_000;

/** Asks on a clock of its own; the answers are those to the questions in turn. */
function start(isHeard: () => boolean) {
  const clock = new TestClock();
  const over = new AbortController();
  let questions = 0;
  const ask = () => {
    questions += 1;
    return isHeard();
  };
  const outcome = keepAsking({ ask, silenceMs, clock, signal: over.signal });
  const pass = async (durationMs: number) => {
    await clock.sleeper(silenceMs / 3);
    clock.advance(durationMs);
  };
  return { outcome, pass, end: () => over.abort(), questions: () => questions };
}

test('three questions in a row without an answer end it', async () => {
  const { outcome, pass, questions } = start(() => false);
  for (let question = 1; question <= 3; question++) await pass(10_000);
  expect(await outcome).toBe(false);
  expect(questions()).toBe(4);
});

test('an answer now and then is enough', async () => {
  let calls = 0;
  const { outcome, pass, end } = start(() => calls++ % 3 === 0);
  for (let question = 1; question <= 20; question++) await pass(10_000);
  end();
  expect(await outcome).toBe(true);
});

test('a time in which we ourselves stood still is one question without an answer, however long it was', async () => {
  let isHeard = true;
  const { outcome, pass, end } = start(() => isHeard);
  isHeard = false;
  await pass(3_600_000);
  await pass(10_000);
  isHeard = true;
  await pass(10_000);
  end();
  expect(await outcome).toBe(true);
});
