import { pick, type Random } from '../../support/random.ts';

/** When a graph's engine process is killed. */
export type KillMoment =
  /** At any moment of the mixed load. */
  | 'any'
  /** At any moment, and the next process while it opens the graph. */
  | 'opening'
  /** While an import is under way. */
  | 'import'
  /** While the log is moved into the database file. */
  | 'checkpoint'
  /** At any moment, and the next process as soon as it serves. */
  | 'twice'
  /** At any moment, with another graph's at the same time. */
  | 'pair';

/** One event of a run. */
export interface KillEvent {
  readonly moment: KillMoment;
  /** Index of the graph. */
  readonly victim: number;
  /** Index of the other graph of a pair. */
  readonly other: number;
  /** From 0 up to 1: where in its time the first and the second kill fall. */
  readonly first: number;
  readonly second: number;
}

const weights: Readonly<Record<KillMoment, number>> = {
  any: 4,
  opening: 2,
  import: 2,
  checkpoint: 2,
  twice: 1,
  pair: 2,
};

const moments = Object.entries(weights).flatMap(([moment, weight]) =>
  Array.from({ length: weight }, () => moment as KillMoment),
);

/** How many processes an event kills. */
export function killsOf({ moment }: KillEvent): number {
  return moment === 'opening' || moment === 'twice' || moment === 'pair' ? 2 : 1;
}

/** Events that kill at least so many processes, the same for the same random numbers. */
export function planKills(kills: number, graphs: number, random: Random): KillEvent[] {
  const events: KillEvent[] = [];
  for (let planned = 0; planned < kills; ) {
    const victim = Math.floor(random() * graphs);
    const other = (victim + 1 + Math.floor(random() * (graphs - 1))) % graphs;
    const event = { moment: pick(random, moments), victim, other, first: random(), second: random() };
    events.push(event);
    planned += killsOf(event);
  }
  return events;
}
