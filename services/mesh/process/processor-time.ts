import { readFileSync } from 'node:fs';

/** Of the times in /proc/<pid>/stat, on every Linux that Node runs on. */
const msPerTick = 10;

/**
 * Processor time that a process has taken with all of its threads, in user mode and in the kernel, in milliseconds.
 * Linux alone. Throws ENOENT or ESRCH where there is no such process.
 */
export function processorMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // After the name, which may have spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}
