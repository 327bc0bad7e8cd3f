import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

/** Linux's CAP_SYS_ADMIN and CAP_SYS_NICE, without which a process cannot be given back what was taken from it. */
const capabilities = (1n << 21n) | (1n << 23n);

/** Whether there is a way back from a low priority. Where there is none, no process gets one. */
export const canYield = process.platform === 'linux' && hasCapabilities();

/** Lets a process that was just started, and that nobody waits for, have what the others leave. */
export function yieldToOthers(pid: number): void {
  if (!canYield) return;
  unlessGone(() => {
    // It has one thread by now; the others inherit.
    setPriority(pid, constants.priority.PRIORITY_LOW);
    setSession(pid, constants.priority.PRIORITY_LOW);
  });
}

/** From here on a process counts like this one. */
export function countInFull(pid: number): void {
  setPriorities(pid, constants.priority.PRIORITY_NORMAL, getPriority());
}

/** From here on a process gives way to those that count in full, and shares with its like what they leave. */
export function countLess(pid: number): void {
  const { PRIORITY_BELOW_NORMAL: below } = constants.priority;
  setPriorities(pid, below, below);
}

function setPriorities(pid: number, session: number, threads: number): void {
  if (!canYield) return;
  unlessGone(() => {
    setSession(pid, session);
    // A thread that began meanwhile has the priority of the one that began it.
    while (changeThreads(pid, threads) > 0);
  });
}

/** How many had another priority. */
function changeThreads(pid: number, priority: number): number {
  let changed = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`).map(Number)) {
    unlessGone(() => {
      if (getPriority(thread) === priority) return;
      setPriority(thread, priority);
      changed += 1;
    });
  }
  return changed;
}

/** Each engine is a session; where no cgroup says otherwise, Linux weighs sessions and not their threads. */
function setSession(pid: number, priority: number): void {
  unlessGone(() => writeFileSync(`/proc/${pid}/autogroup`, `${priority}`, { flag: 'r+' }));
}

/**
 * Undefined where the thread or process is gone, which may be at any moment, or the kernel knows no such group. Throws
 * any other error of `act`.
 */
export function unlessGone<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    const { code, info } = error as NodeJS.ErrnoException & { readonly info?: { readonly code: string } };
    if (!['ENOENT', 'ESRCH'].includes(info?.code ?? code ?? '')) throw error;
    return undefined;
  }
}

function hasCapabilities(): boolean {
  const [, effective = '0'] = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return (BigInt(`0x${effective}`) & capabilities) === capabilities;
}
