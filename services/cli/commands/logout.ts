import type { Command } from 'commander';
import { createApi } from '../api/api.ts';
import type { Cli } from '../cli.ts';
import { escapeControls } from '../output/escape.ts';
import { show } from '../output/show.ts';

/** `trellis logout`: ends the session at the mesh, then forgets it. Where the mesh cannot be reached, both remain. */
export function addLogout(program: Command, cli: Cli): void {
  program
    .command('logout')
    .description('end the session of the profile')
    .action(async () => {
      const profile = await cli.profileFile.read();
      if (!profile) {
        await show(cli, { loggedOut: false }, () => 'Nobody was logged in.\n');
        return;
      }
      const { url, email, refreshToken } = profile;
      await createApi({ url }).call('POST', '/v1/auth/logout', { refreshToken });
      await cli.profileFile.remove();
      await show(
        cli,
        { loggedOut: true, email, url },
        () => `Logged out ${escapeControls(email)} at ${escapeControls(url)}.\n`,
      );
    });
}
