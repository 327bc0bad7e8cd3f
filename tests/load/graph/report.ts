import { type Roles, residentMib } from './processes.ts';

/** The one in the middle by one of its figures. */
export function median<T>(all: readonly T[], figure: (one: T) => number): T {
  const middle = all.toSorted((a, b) => figure(a) - figure(b))[Math.floor(all.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

/** Prints a table in Markdown. */
export function printTable(head: readonly string[], lines: readonly (readonly (string | number)[])[]): void {
  for (const line of [head, head.map(() => '---'), ...lines]) console.log(`| ${line.join(' | ')} |`);
}

/** Prints the memory of each process as it is now. */
export async function reportMemory({ edge, daemon, engine }: Roles): Promise<void> {
  console.log('\n## Memory after the run\n');
  printTable(
    ['process', 'resident MiB'],
    [
      ['control plane and edge', await residentMib(edge)],
      ['graph node daemon', await residentMib(daemon)],
      ['engine process', await residentMib(engine)],
    ],
  );
}
