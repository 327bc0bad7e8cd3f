import type { KillReport } from './run-kills.ts';

/** What a run came to, as tables. */
export function reportKills(
  { kills, moments, loads, settled, wrong }: KillReport,
  seed: number,
  tookMs: number,
) {
  const lines = [
    `\n${kills} kills of ${loads.length} graphs, seed ${seed}, in ${Math.round(tookMs / 1000)} s`,
    [...moments].map(([moment, count]) => `${moment} ${count}`).join(', '),
    '\n| graph | kills | away: median ms | worst ms |\n| --- | --- | --- | --- |',
  ];
  loads.forEach(({ log }, index) => {
    const sorted = log.awayMs.toSorted((a, b) => a - b);
    const median = Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
    lines.push(`| ${index + 1} | ${log.kills} | ${median} | ${Math.round(sorted.at(-1) ?? Number.NaN)} |`);
  });
  const counts = new Map<string, number>();
  for (const { log } of loads) {
    for (const [key, count] of log.counts) counts.set(key, (counts.get(key) ?? 0) + count);
  }
  lines.push('\n| call | answer | times |\n| --- | --- | --- |');
  for (const [key, count] of [...counts].toSorted(([a], [b]) => a.localeCompare(b))) {
    const at = key.lastIndexOf(' ');
    lines.push(`| ${key.slice(0, at)} | ${key.slice(at + 1)} | ${count} |`);
  }
  lines.push(
    `\nwrites of unknown outcome: ${settled}, all of them wholly there or not at all unless told below`,
  );
  lines.push(wrong.length === 0 ? 'nothing is wrong' : `${wrong.length} things are wrong:`);
  lines.push(...wrong.slice(0, 50));
  return lines.join('\n');
}
