import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { acting, EXIT_CODES, refused, unknown, withPlaces } from './acting.ts';
import { described } from './described.ts';
import { find } from './find.ts';
import type { PlaceOptions } from './read-config.ts';

interface Options extends PlaceOptions {
  readonly reveal?: true;
  readonly full?: true;
  readonly json?: true;
}

/** `guardstile approvals show` */
export function showCommand(io: Io, finish: (code: ExitCode) => void): Command {
  const command = new Command('show')
    .description('Show exactly what will run, who asks for it, and what it needs.')
    .argument('<aid>', 'id of the approval')
    .option('--reveal', 'show hidden values too; the log says that you saw them')
    .option('--full', 'write out what is folded')
    .option('--json', 'for machines')
    .addHelpText('after', EXIT_CODES);
  return withPlaces(command).action((aid: string, options: Options) =>
    acting(io, finish, options, async ({ inbox, config }) => {
      const approval = await find(inbox, aid, config.voter);
      if (approval === undefined) return unknown(io, aid);
      let shown: { readonly args?: unknown } = {};
      if (options.reveal === true) {
        const revealed = await inbox.reveal(aid, config.voter);
        if (!revealed.ok) return refused(io, revealed);
        shown = { args: revealed.args };
      }
      if (options.json === true) io.out(`${JSON.stringify({ ...approval, ...shown })}\n`);
      else io.out(described(io, approval, { ...shown, unfold: options.full === true }));
      return 0;
    }),
  );
}
