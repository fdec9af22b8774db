import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { acting, EXIT_CODES, refused, withPlaces } from './acting.ts';
import type { PlaceOptions } from './read-config.ts';

/** `guardstile approvals revoke` */
export function revokeCommand(io: Io, finish: (code: ExitCode) => void): Command {
  const command = new Command('revoke')
    .description('End a grant: calls like that are asked about again.')
    .argument('<gid>', 'id of the grant')
    .addHelpText('after', EXIT_CODES);
  return withPlaces(command).action((gid: string, options: PlaceOptions) =>
    acting(io, finish, options, async ({ inbox, config }) => {
      const result = await inbox.revoke(gid, config.voter);
      if (!result.ok) return refused(io, result);
      io.out(`${gid} is revoked\n`);
      return 0;
    }),
  );
}
