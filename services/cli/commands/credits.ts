import type { Command } from 'commander';
import { type Cli, openApi } from '../cli.ts';
import { toCredits } from '../output/credits.ts';
import { show } from '../output/show.ts';
import { toTable } from '../output/table.ts';

interface Balance {
  readonly availableMicros: string;
  readonly heldMicros: string;
  readonly debtMicros: string;
  readonly grants: readonly {
    readonly source: string;
    readonly amountMicros: string;
    readonly availableMicros: string;
    readonly expireTime?: string;
  }[];
}

/** `trellis credits`: what the organization can spend, and where it comes from. */
export function addCredits(program: Command, cli: Cli): void {
  program
    .command('credits')
    .description('show the credits of your organization')
    .action(async () => {
      const api = await openApi(cli);
      const balance = await api.call<Balance>('GET', '/v1/credits');
      await show(cli, balance, () => toText(balance));
    });
}

function toText({ availableMicros, heldMicros, debtMicros, grants }: Balance): string {
  const sums = [availableMicros, heldMicros, debtMicros].map(toCredits);
  const rows = grants.map((grant) => [
    grant.source,
    toCredits(grant.amountMicros),
    toCredits(grant.availableMicros),
    grant.expireTime ?? 'never',
  ]);
  return (
    toTable(['available', 'held', 'debt'], [sums]) + toTable(['grant', 'given', 'left', 'expires'], rows)
  );
}
