import { expect, it } from 'vitest';
import { ConnectionError, errorCode } from './frame.ts';
import { IdleFrames } from './idle-frames.ts';

it('takes a flood for what it is', () => {
  const frames = new IdleFrames(() => 0);
  const counted = countUntilRefused(frames, 5_000);
  expect(counted).toBe(1_000);
});

it('never minds a hundred in a second', () => {
  let nowMs = 0;
  const frames = new IdleFrames(() => nowMs);
  for (let second = 0; second < 3_600; second++) {
    for (let count = 0; count < 99; count++) frames.count();
    nowMs += 1_000;
  }
  expect(countUntilRefused(frames, 20_000)).toBeLessThan(20_000);
});

it('allows for more where frames have content, but does not save up without end', () => {
  const frames = new IdleFrames(() => 0);
  for (let count = 0; count < 100_000; count++) frames.allow();
  expect(countUntilRefused(frames, 20_000)).toBeLessThan(10_100);
});

it('never minds windows that grow message by message, nor a PING for each', () => {
  const frames = new IdleFrames(() => 0);
  for (let count = 0; count < 100_000; count++) {
    frames.allowAnswers(5, true);
    for (let answer = 0; answer < 3; answer++) frames.count();
  }
  for (let count = 0; count < 100_000; count++) {
    frames.allowAnswers(16_384, false);
    for (let answer = 0; answer < 64; answer++) frames.count();
  }
});

it('minds windows that grow byte by byte', () => {
  const frames = new IdleFrames(() => 0);
  let counted = 0;
  expect(() => {
    for (; counted < 5_000; counted++) {
      frames.count();
      frames.allowAnswers(1, false);
    }
  }).toThrow(ConnectionError);
  expect(counted).toBe(1_000);
});

function countUntilRefused(frames: IdleFrames, countMax: number): number {
  for (let counted = 0; counted < countMax; counted++) {
    try {
      frames.count();
    } catch (error) {
      expect((error as ConnectionError).code).toBe(errorCode.enhanceYourCalm);
      return counted;
    }
  }
  return countMax;
}
