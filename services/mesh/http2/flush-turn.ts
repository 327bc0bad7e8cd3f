/** What collects output until the end of a turn of the event loop. */
interface Flushable {
  flush(): void;
}

let waiting: Flushable[] = [];

/** Flushes at the end of this turn, with all others who asked for it: one callback of the event loop for all of them. */
export function flushAfterTurn(flushable: Flushable): void {
  if (waiting.length === 0) setImmediate(flushAll);
  waiting.push(flushable);
}

function flushAll(): void {
  const all = waiting;
  waiting = [];
  for (const flushable of all) flushable.flush();
}
