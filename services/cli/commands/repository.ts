import type { Command } from 'commander';
import { type Cli, openApi } from '../cli.ts';
import { show } from '../output/show.ts';
import { toTable } from '../output/table.ts';

interface Repository {
  readonly repository: string;
  readonly displayName: string;
  readonly description: string;
  readonly subscribed?: boolean;
}

/** `trellis repository`: shared graphs that an organization subscribes to and reads. */
export function addRepository(program: Command, cli: Cli): void {
  const repository = program.command('repository').alias('repositories').description('shared repositories');
  const name = 'the name of the repository, such as sec';
  repository
    .command('list')
    .description('list the repositories and which of them you subscribe to')
    .action(async () => {
      const api = await openApi(cli);
      const answer = await api.call<{ repositories: readonly Repository[] }>('GET', '/v1/repositories');
      await show(cli, answer, () => toText(answer.repositories));
    });
  repository
    .command('subscribe')
    .description('subscribe your organization; its graph is then read by the repository’s name')
    .argument('<repository>', name)
    .action(async (wanted: string) => {
      const answer = await (await openApi(cli)).call('PUT', subscriptionPath(wanted));
      await show(cli, answer, () => 'Subscribed.\n');
    });
  repository
    .command('unsubscribe')
    .description('end the subscription of your organization')
    .argument('<repository>', name)
    .action(async (wanted: string) => {
      const answer = await (await openApi(cli)).call('DELETE', subscriptionPath(wanted));
      await show(cli, answer, () => 'Unsubscribed.\n');
    });
  repository
    .command('create')
    .description('create the graph of a repository (operators of the platform)')
    .argument('<repository>', name)
    .action(async (wanted: string) => {
      const api = await openApi(cli);
      const answer = await api.call<{ repository: Repository }>('POST', '/v1/repositories', {
        repository: wanted,
      });
      await show(cli, answer, () => toText([answer.repository]));
    });
}

function subscriptionPath(repository: string): string {
  return `/v1/repositories/${encodeURIComponent(repository)}/subscription`;
}

function toText(repositories: readonly Repository[]): string {
  const rows = repositories.map(({ repository, displayName, description, subscribed }) => {
    return [repository, displayName, subscribed ? 'yes' : 'no', description];
  });
  return toTable(['repository', 'name', 'subscribed', 'what is in it'], rows);
}
