import type { Grant, GrantFilter } from '@guardstile/core';
import { visible } from '@guardstile/core';
import { Command } from 'commander';

import { columns } from '../columns.ts';
import type { ExitCode, Io } from '../io.ts';
import { acting, withPlaces } from './acting.ts';
import type { PlaceOptions } from './read-config.ts';

interface Options extends PlaceOptions {
  readonly tool?: string;
  readonly principal?: string;
  readonly ended?: true;
  readonly json?: true;
}

const PAGE = 100;

/** `guardstile approvals grants` */
export function grantsCommand(io: Io, finish: (code: ExitCode) => void): Command {
  const command = new Command('grants')
    .description('Show what is allowed without asking again, in your tenant.')
    .option('--tool <name>', 'only of this tool')
    .option('--principal <id>', 'only for this person')
    .option('--ended', 'those that are over too')
    .option('--json', 'one grant per line');
  return withPlaces(command).action((options: Options) =>
    acting(io, finish, options, async ({ inbox, config }) => {
      const { tenant } = config.voter;
      const found: Grant[] = [];
      let page: readonly Grant[];
      let from: GrantFilter = {};
      do {
        page = await inbox.grants({ ...filterOf(options), ...from, limit: PAGE });
        found.push(...page.filter((grant) => grant.tenant === tenant));
        const last = page.at(-1);
        if (last !== undefined) from = { after: last.gid };
      } while (page.length === PAGE);
      if (options.json === true) for (const grant of found) io.out(`${JSON.stringify(grant)}\n`);
      else if (found.length > 0) io.out(columns([HEAD, ...found.map(row)]));
      else io.error('nothing is granted here\n');
      return 0;
    }),
  );
}

function filterOf({ tool, principal, ended }: Options): GrantFilter {
  return {
    ...(tool === undefined ? {} : { tool }),
    ...(principal === undefined ? {} : { principal }),
    ...(ended === undefined ? {} : { ended }),
  };
}

const HEAD = ['GRANT', 'TOOL', 'FOR', 'WHERE', 'RULES', 'UNTIL', 'GIVEN BY'];

function row(grant: Grant): string[] {
  const { gid, tool, principal = '-', scope, session, shown, rules, votes } = grant;
  const where = Object.entries(shown).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const who = scope === 'session' ? `${principal} in ${session ?? 'one session'}` : principal;
  const until = new Date(grant.expiresAt).toISOString().slice(0, 16).replace('T', ' ');
  const end = grant.revokedAt === undefined ? until : 'revoked';
  const by = votes.map(({ voter = 'the requester' }) => voter).join(', ');
  const cells = [gid, tool.name, who, where.join(' ') || 'anything', rules.join(', '), end, by];
  return cells.map((cell) => visible(cell));
}
