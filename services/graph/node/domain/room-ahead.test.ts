import { expect, test } from 'vitest';
import { RoomAhead } from './room-ahead.ts';

test('room ahead pays from the first opening that had to wait', () => {
  const ahead = new RoomAhead();
  ahead.used('a');
  expect(ahead.pays).toBe(false);
  ahead.missed();
  expect(ahead.pays).toBe(true);
});

test('it pays no more once the graph that made room is the next to be opened, until one waits again', () => {
  const ahead = new RoomAhead();
  ahead.missed();
  ahead.made('a');
  ahead.used('a');
  expect(ahead.pays).toBe(false);
  ahead.missed();
  expect(ahead.pays).toBe(true);
});

test('it goes on to pay where another graph takes the room, whoever comes after', () => {
  const ahead = new RoomAhead();
  ahead.missed();
  ahead.made('a');
  ahead.used('b');
  ahead.used('a');
  expect(ahead.pays).toBe(true);
});
