import { expect, it } from 'vitest';
import { reportKills } from './kills/report-kills.ts';
import { runKills } from './kills/run-kills.ts';

it('20 kills at any moment lose no acknowledged write, halve no other, and fail no call of a neighbour', async () => {
  const report = await runKills({
    kills: 20,
    seed: 20,
    graphs: 3,
    deletes: true,
    verifyEvery: 10,
    onProgress: () => {},
  });
  expect(report.wrong, reportKills(report, 20, 0)).toEqual([]);
  expect(report.kills).toBeGreaterThanOrEqual(20);
  const answers = report.loads.map(({ log }) => log.counts.get('create ok') ?? 0);
  expect(Math.min(...answers)).toBeGreaterThan(0);
}, 600_000);
