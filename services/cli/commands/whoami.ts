import type { Command } from 'commander';
import { type Cli, openApi } from '../cli.ts';
import { show } from '../output/show.ts';
import { toTable } from '../output/table.ts';

interface Me {
  readonly user?: { readonly userId: string; readonly email: string; readonly name: string };
  readonly organization?: {
    readonly organizationId: string;
    readonly displayName: string;
    readonly plan: string;
  };
}

/** `trellis whoami`: the user and organization behind the credential. */
export function addWhoami(program: Command, cli: Cli): void {
  program
    .command('whoami')
    .description('show who you are to the mesh')
    .action(async () => {
      const api = await openApi(cli);
      const me = await api.call<Me>('GET', '/v1/auth/me');
      const { user, organization } = me;
      await show(cli, me, () =>
        toTable(
          ['user', 'name', 'email', 'organization', 'plan', 'mesh'],
          [
            [
              user?.userId,
              user?.name,
              user?.email,
              organization?.organizationId,
              organization?.plan,
              api.url,
            ],
          ],
        ),
      );
    });
}
