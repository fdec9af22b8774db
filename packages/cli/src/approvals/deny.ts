import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { acting, EXIT_CODES, unknown, withPlaces } from './acting.ts';
import { counted } from './counted.ts';
import { find } from './find.ts';
import type { PlaceOptions } from './read-config.ts';

interface Options extends PlaceOptions {
  readonly digest?: string;
  readonly note?: string;
  readonly json?: true;
}

/** `guardstile approvals deny` */
export function denyCommand(io: Io, finish: (code: ExitCode) => void): Command {
  const command = new Command('deny')
    .description('Deny a call, or withdraw what was asked for on your behalf.')
    .argument('<aid>', 'id of the approval')
    .option('--note <text>', 'why; the model reads it')
    .option('--digest <digest>', 'only if the arguments still have this digest')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
One denial denies, also what others have approved, as long as it has not run. It asks nothing.
${EXIT_CODES}

Example:
  guardstile approvals deny aid_… --note "wrong account; ask the customer again"`,
    );
  return withPlaces(command).action((aid: string, options: Options) =>
    acting(io, finish, options, async ({ inbox, config }) => {
      const { voter } = config;
      const approval = await find(inbox, aid, voter);
      if (approval === undefined) return unknown(io, aid);
      const result = await inbox.vote(aid, {
        voter,
        verdict: 'deny',
        digest: options.digest ?? approval.bindings.digest,
        channel: 'cli',
        ...(options.note === undefined ? {} : { note: options.note }),
      });
      return counted(io, result, options.json);
    }),
  );
}
