import type { CallLimits } from './graph-engine.ts';

/** How often deadlines are looked at: they are noticed by so much later at most. */
const intervalMs = 20;

interface Watch {
  readonly deadlineMs: number;
  readonly callback: () => void;
}

/** Timers of their own would cost a call that is answered in a millisecond more than its result does. */
const watches = new Set<Watch>();
let timer: NodeJS.Timeout | undefined;

/** Calls back once when the caller's time is over. Returns what stops that. */
export function onOver({ deadlineMs, signal }: CallLimits, callback: () => void): () => void {
  const stop = () => {
    watches.delete(watch);
    signal.removeEventListener('abort', over);
  };
  const over = () => {
    stop();
    callback();
  };
  const watch = { deadlineMs, callback: over };
  watches.add(watch);
  timer ??= setInterval(look, intervalMs);
  signal.addEventListener('abort', over);
  return stop;
}

function look(): void {
  if (watches.size === 0) {
    clearInterval(timer);
    timer = undefined;
    return;
  }
  const nowMs = Date.now();
  for (const { deadlineMs, callback } of watches) {
    if (deadlineMs <= nowMs) callback();
  }
}
