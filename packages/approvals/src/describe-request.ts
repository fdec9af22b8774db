import { type ApprovalRequest, describeRequirement } from '@guardstile/core';

import { describeValue } from './describe-value.ts';
import { oneLine } from './fold.ts';
import { emptyPage, type Page, type Room } from './page.ts';

/** How a request is looked at. */
export interface View {
  readonly room: Room;
  /** The arguments as the person has them in front: with values hidden, or revealed. */
  readonly args: unknown;
  /** Whether values are still hidden in them. */
  readonly hidden: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Everything a person needs in order to decide, with nothing in it that a terminal would obey. */
export function describeRequest(request: ApprovalRequest, view: View): Page {
  const page = emptyPage(view.room);
  const say = (label: string, text: string | undefined): void => {
    if (text !== undefined)
      page.lines.push({ indent: 0, text: label.padEnd(11) + oneLine(page, text) });
  };
  const { tool, facts, context } = request;
  say('tool', tool.name);
  say('source', tool.source);
  say('effect', effectOf(facts));
  say('principal', context.principal?.id ?? 'nobody was named');
  say('tenant', context.principal?.tenant);
  say('roles', context.principal?.roles?.join(', '));
  say('agent', context.agent);
  say('session', context.session);
  say('rule', request.rule);
  say('reason', request.reason);
  say('needs', request.requirements.votes.map(describeRequirement).join(' and '));
  say('arguments', request.digest);
  describeValue(page, view.args, 1);
  if (view.hidden) say('hidden', `${request.hidden.length} in all: ${request.hidden.join(', ')}`);
  say('expires', expiry(request.expiresAt, view.now));
  return page;
}

function effectOf({ effect, money, capabilities, why }: ApprovalRequest['facts']): string {
  return `${[effect, ...(money ? ['money'] : []), ...capabilities].join(', ')} (${why})`;
}

function expiry(at: number, now: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return 'unknown';
  const utc = `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const minutes = Math.floor((at - now) / 60_000);
  if (minutes < 1) return `${utc} (in less than a minute)`;
  return `${utc} (in ${minutes} min)`;
}
