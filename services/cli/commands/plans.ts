import type { Command } from 'commander';
import { type Cli, openPublicApi } from '../cli.ts';
import { show } from '../output/show.ts';
import { toTable } from '../output/table.ts';

interface Plan {
  readonly planId: string;
  readonly priceCentsPerMonth: number;
  readonly creditsPerMonth: number;
  readonly graphsMax: number;
}

/** `trellis plans`: what there is to subscribe to. */
export function addPlans(program: Command, cli: Cli): void {
  program
    .command('plans')
    .description('list the plans')
    .action(async () => {
      const api = await openPublicApi(cli);
      const answer = await api.call<{ plans: readonly Plan[] }>('GET', '/v1/plans');
      const rows = answer.plans.map(({ planId, priceCentsPerMonth, creditsPerMonth, graphsMax }) => {
        return [planId, `$${(priceCentsPerMonth / 100).toFixed(2)}`, creditsPerMonth, graphsMax];
      });
      await show(cli, answer, () => toTable(['plan', 'price a month', 'credits a month', 'graphs'], rows));
    });
}
