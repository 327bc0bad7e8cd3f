import { expect, test } from 'vitest';
import { SingleFlight } from './single-flight.ts';

test('work for one key runs once at a time; all who ask meanwhile get its outcome', async () => {
  const flights = new SingleFlight<number>();
  const answer = Promise.withResolvers<number>();
  let runs = 0;
  const work = () => {
    runs++;
    return answer.promise;
  };
  const asked = [flights.run('a', work), flights.run('a', work), flights.get('a')];
  const other = flights.run('b', async () => 2);
  answer.resolve(1);
  expect(await Promise.all(asked)).toEqual([1, 1, 1]);
  expect(await other).toBe(2);
  expect(runs).toBe(1);
});

test('after the work is over, also by an error, it runs anew', async () => {
  const flights = new SingleFlight<number>();
  const failing = flights.run('a', async () => {
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(flights.get('a')).toBeUndefined();
  expect(await flights.run('a', async () => 2)).toBe(2);
});
