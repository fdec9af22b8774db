import type { ApprovalInbox, ApprovalView, Voter } from '@guardstile/approvals';
import type { ApprovalFilter, ApprovalState } from '@guardstile/core';
import { describeRequirement, visible } from '@guardstile/core';
import { Command, Option } from 'commander';

import { columns } from '../columns.ts';
import type { ExitCode, Io } from '../io.ts';
import { acting, withPlaces } from './acting.ts';
import type { PlaceOptions } from './read-config.ts';
import { watchList } from './watch-list.ts';

interface Options extends PlaceOptions {
  readonly state: ApprovalState | 'all';
  readonly tool?: string;
  readonly principal?: string;
  readonly session?: string;
  readonly limit: string;
  readonly after?: string;
  readonly watch?: true;
  readonly json?: true;
}

const STATES = ['pending', 'approved', 'denied', 'expired', 'cancelled', 'consumed', 'all'];
const LONGEST_REASON = 60;
const PAGE = 100;

/** `guardstile approvals list` */
export function listCommand(io: Io, finish: (code: ExitCode) => void): Command {
  const command = new Command('list')
    .description('Show what waits for an answer, in your tenant.')
    .addOption(new Option('--state <state>', 'only those').choices(STATES).default('pending'))
    .option('--tool <name>', 'only of this tool')
    .option('--principal <id>', 'only asked by this person')
    .option('--session <id>', 'only of this session')
    .option('--limit <count>', 'how many', '50')
    .option('--after <aid>', 'go on behind this one')
    .option('-w, --watch', 'go on until interrupted, one line for each change')
    .option('--json', 'one approval per line');
  return withPlaces(command).action((options: Options) =>
    acting(io, finish, options, async ({ inbox, approvals, config }) => {
      const { voter } = config;
      const show = (approval: ApprovalView): void =>
        io.out(options.json === true ? `${JSON.stringify(approval)}\n` : columns([row(approval)]));
      const found = await listed(inbox, voter, filterOf(options), countOf(options.limit));
      if (options.json === true) for (const approval of found) show(approval);
      else if (found.length > 0) io.out(columns([HEAD, ...found.map(row)]));
      else io.error('nothing waits here\n');
      if (options.watch !== true) return 0;
      const look = (): Promise<readonly ApprovalView[]> =>
        listed(inbox, voter, filterOf({ ...options, after: undefined }), Infinity);
      const now = (aid: string): Promise<ApprovalView | undefined> => inbox.show(aid);
      await watchList({ approvals, signal: io.signal, seen: found, look, now, show });
      return 0;
    }),
  );
}

type Chosen = { readonly [Name in keyof Options]?: Options[Name] | undefined };

function filterOf({ state, tool, principal, session, after }: Chosen): ApprovalFilter {
  return {
    ...(state === undefined || state === 'all' ? {} : { state }),
    ...(tool === undefined ? {} : { tool }),
    ...(principal === undefined ? {} : { principal }),
    ...(session === undefined ? {} : { session }),
    ...(after === undefined ? {} : { after }),
  };
}

/** Page by page: a store cannot filter for those that have no tenant. */
async function listed(
  inbox: ApprovalInbox,
  { tenant }: Voter,
  filter: ApprovalFilter,
  count: number,
): Promise<readonly ApprovalView[]> {
  const found: ApprovalView[] = [];
  const whose = tenant === undefined ? {} : { tenant };
  let after: string | undefined = filter.after;
  for (;;) {
    const from = after === undefined ? {} : { after };
    const page = await inbox.list({ ...filter, ...whose, ...from, limit: PAGE });
    found.push(...page.filter(({ bindings }) => bindings.tenant === tenant));
    if (found.length >= count) return found.slice(0, count);
    if (page.length < PAGE) return found;
    after = page.at(-1)?.aid;
  }
}

function countOf(limit: string): number {
  const count = Number(limit);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Error('--limit takes a whole number above 0');
}

const HEAD = ['APPROVAL', 'STATE', 'TOOL', 'FOR', 'NEEDS', 'UNTIL', 'REASON'];

function row({ aid, state, bindings, requirements, expiresAt, reason }: ApprovalView): string[] {
  const needs = requirements.votes.map(describeRequirement).join(' and ');
  const until = new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ');
  const short = reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON)}…` : reason;
  const who = bindings.principal ?? '-';
  return [aid, state, bindings.tool.name, who, needs, until, short].map((cell) => visible(cell));
}
