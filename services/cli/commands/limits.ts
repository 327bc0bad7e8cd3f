import type { Command } from 'commander';
import { type Cli, openApi } from '../cli.ts';
import { show } from '../output/show.ts';
import { toTable } from '../output/table.ts';

interface Limits {
  readonly plan: string;
  readonly limits: readonly {
    readonly category: string;
    readonly requestsPerMinute: number;
    readonly remaining: number;
    readonly reset?: string;
  }[];
}

/** `trellis limits`: the caller's rate limits and what is left of them. */
export function addLimits(program: Command, cli: Cli): void {
  program
    .command('limits')
    .description('show your rate limits and what is left of them')
    .action(async () => {
      const api = await openApi(cli);
      const answer = await api.call<Limits>('GET', '/v1/limits');
      const rows = answer.limits.map(({ category, requestsPerMinute, remaining, reset }) => {
        const resetSeconds = Math.ceil(Number.parseFloat(reset ?? '0'));
        return [category.replace('LIMIT_CATEGORY_', ''), requestsPerMinute, remaining, `${resetSeconds} s`];
      });
      await show(cli, answer, () => toTable(['category', 'per minute', 'left', 'full again in'], rows));
    });
}
