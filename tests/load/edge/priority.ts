import { readFileSync, writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

/** Linux with autogroups weighs a terminal's processes as one, and heeds their own priorities only among them. */
const autogroupFile = '/proc/self/autogroup';

/**
 * Puts this process and those that it starts before everything else that runs. Gives back what restores the priority;
 * says on the terminal where it may not be raised.
 */
export function raisePriority(): () => void {
  try {
    const before = getPriority();
    setPriority(constants.priority.PRIORITY_HIGHEST);
    const groupBefore = raiseAutogroup();
    return () => {
      setPriority(before);
      if (groupBefore !== undefined) writeFileSync(autogroupFile, groupBefore);
    };
  } catch {
    console.log('Only root may raise the priority: anything else that runs here disturbs the figures.');
    return () => {};
  }
}

function raiseAutogroup(): string | undefined {
  let before: string | undefined;
  try {
    [, before] = /nice (-?\d+)/.exec(readFileSync(autogroupFile, 'utf8')) ?? [];
  } catch {
    return undefined;
  }
  if (before !== undefined) writeFileSync(autogroupFile, String(constants.priority.PRIORITY_HIGHEST));
  return before;
}
