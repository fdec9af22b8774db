import type { ApprovalView } from '@guardstile/approvals';
import { type GrantOffer, visible } from '@guardstile/core';
import { Command, Option } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { acting, EXIT_CODES, refused, UNANSWERED, unknown, withPlaces } from './acting.ts';
import { counted } from './counted.ts';
import { described } from './described.ts';
import { find } from './find.ts';
import { grantOf, type GrantOptions } from './grant-of.ts';
import type { OpenInbox } from './open-inbox.ts';
import type { PlaceOptions } from './read-config.ts';

interface Options extends PlaceOptions, GrantOptions {
  readonly digest?: string;
  readonly note?: string;
  readonly reveal?: true;
  readonly json?: true;
}

/** `guardstile approvals approve` */
export function approveCommand(io: Io, finish: (code: ExitCode) => void): Command {
  const command = new Command('approve')
    .description('Approve one call with exactly these arguments.')
    .argument('<aid>', 'id of the approval')
    .option('--digest <digest>', 'digest of the arguments that you have looked at, for scripts')
    .option('--note <text>', 'said with it')
    .option('--reveal', 'show hidden values first; the log says that you saw them')
    .addOption(
      new Option('--grant <scope>', 'allow calls like it too').choices(['session', 'always']),
    )
    .option('--field <name...>', 'with --grant: fields that have to be the same')
    .option('--for <time>', 'with --grant: how long, such as 30m, 8h or 7d')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
In a terminal it shows what will run and asks. Elsewhere it takes the digest that \`show\` prints:
whoever approves has looked, and where the call was edited since, nothing is counted.
${EXIT_CODES}

Examples:
  guardstile approvals approve aid_… --config ~/.guardstile.json
  guardstile approvals approve aid_… --digest sha256:… --note "as agreed" --json`,
    );
  return withPlaces(command).action((aid: string, options: Options) =>
    acting(io, finish, options, async (opened) => {
      const approval = await find(opened.inbox, aid, opened.config.voter);
      if (approval === undefined) return unknown(io, aid);
      return approve(io, opened, approval, options);
    }),
  );
}

async function approve(
  io: Io,
  { inbox, config }: OpenInbox,
  approval: ApprovalView,
  options: Options,
): Promise<ExitCode> {
  const { aid } = approval;
  const { voter } = config;
  const { note } = options;
  const grant: GrantOffer | undefined = grantOf(options);
  let shown: { readonly args?: unknown } = {};
  if (options.reveal === true) {
    const revealed = await inbox.reveal(aid, voter);
    if (!revealed.ok) return refused(io, revealed);
    shown = { args: revealed.args };
  }
  if (options.digest === undefined) {
    if (io.ask === undefined) {
      throw new Error(
        'there is no terminal to ask at; look with `show`, and pass --digest with the digest of what you saw',
      );
    }
    io.out(described(io, approval, shown));
    const more = grant === undefined ? '' : grantText(approval, grant, options.for ?? '');
    const answer = await io.ask(`Approve this call${more}? Type yes: `);
    if (answer?.trim() !== 'yes') {
      io.error('not approved\n');
      return UNANSWERED;
    }
  } else if (options.reveal === true && options.json !== true) {
    io.out(described(io, approval, shown));
  }
  const result = await inbox.vote(aid, {
    voter,
    verdict: 'approve',
    digest: options.digest ?? approval.bindings.digest,
    channel: 'cli',
    ...(note === undefined ? {} : { note }),
    ...(grant === undefined ? {} : { grant }),
  });
  return counted(io, result, options.json);
}

function grantText(
  { bindings }: ApprovalView,
  { scope, fields }: GrantOffer,
  time: string,
): string {
  const where = scope === 'session' ? 'in this session' : 'in every session';
  const same = fields.length === 0 ? 'every call' : `every call with the same ${fields.join(', ')}`;
  const whose = `of ${bindings.tool.name} for ${bindings.principal ?? 'nobody in particular'}`;
  return visible(`, and for ${time} from now without asking, ${where}, ${same} ${whose}`);
}
