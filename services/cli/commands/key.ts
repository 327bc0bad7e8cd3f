import type { Command } from 'commander';
import { listAll } from '../api/list-all.ts';
import { type Cli, openApi } from '../cli.ts';
import { note, show } from '../output/show.ts';
import { toTable } from '../output/table.ts';

interface ApiKey {
  readonly apiKeyId: string;
  readonly displayName: string;
  readonly graphIds: readonly string[];
  readonly createTime: string;
  readonly expireTime?: string;
}

const names = ['id', 'name', 'graphs', 'created', 'expires'];

/** `trellis key`: API keys of the caller's organization. */
export function addKey(program: Command, cli: Cli): void {
  const key = program.command('key').description('API keys');
  key
    .command('create')
    .description('create a key; its secret is shown only once')
    .argument('<name>', 'a name for people')
    .option('--graph <id...>', 'the graphs that it may use (default: all, and the administration)')
    .option('--expire-time <time>', 'when it expires, such as 2027-01-01T00:00:00Z (default: never)')
    .action((name: string, options: CreateOptions) => createKey(cli, name, options));
  key
    .command('list')
    .description('list the keys that are not revoked')
    .action(async () => {
      const apiKeys = await listAll<ApiKey>(await openApi(cli), '/v1/api-keys', 'apiKeys');
      await show(cli, { apiKeys }, () => toTable(names, apiKeys.map(toRow)));
    });
  key
    .command('revoke')
    .description('revoke a key')
    .argument('<id>', 'the id of the key')
    .action(async (id: string) => {
      const api = await openApi(cli);
      const answer = await api.call('DELETE', `/v1/api-keys/${encodeURIComponent(id)}`);
      await show(cli, answer, () => 'Revoked.\n');
    });
}

interface CreateOptions {
  readonly graph?: readonly string[];
  readonly expireTime?: string;
}

async function createKey(cli: Cli, displayName: string, options: CreateOptions): Promise<void> {
  const api = await openApi(cli);
  const answer = await api.call<{ apiKey: ApiKey; secret: string }>('POST', '/v1/api-keys', {
    displayName,
    graphIds: options.graph ?? [],
    ...(options.expireTime === undefined ? {} : { expireTime: options.expireTime }),
  });
  await show(cli, answer, () => toTable([...names, 'secret'], [[...toRow(answer.apiKey), answer.secret]]));
  await note(cli, 'Keep the secret: it is shown only now.');
}

function toRow({ apiKeyId, displayName, graphIds, createTime, expireTime }: ApiKey): readonly string[] {
  return [apiKeyId, displayName, graphIds.join(' ') || 'all', createTime, expireTime ?? 'never'];
}
