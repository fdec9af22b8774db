import { type ApprovalRequest, describeRequirement, type Vote } from '@guardstile/core';

import { changedFields, type Difference } from './changed-fields.ts';
import { describeAbsent, describeField, describeValue } from './describe-value.ts';
import { expiry, utc } from './expiry.ts';
import { oneLine } from './fold.ts';
import { hostNote } from './hosts-in.ts';
import type { ApprovedBefore } from './last-approved.ts';
import { emptyPage, type Page, type Room } from './page.ts';

/** How a request is looked at. */
export interface View {
  readonly room: Room;
  /** The arguments as the person has them in front: with values hidden, or revealed, or edited. */
  readonly args: unknown;
  /** The arguments before the person edited them. */
  readonly unedited?: unknown;
  /** Whether values are still hidden in them. */
  readonly hidden: boolean;
  readonly last?: ApprovedBefore;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What is shown of a request, wherever it is kept. */
export type ShownRequest = Omit<ApprovalRequest, 'reveal' | 'facts'> & {
  readonly facts?: ApprovalRequest['facts'];
};

/** Everything a person needs in order to decide, with nothing in it that a terminal would obey. */
export function describeRequest(request: ShownRequest, view: View): Page {
  const page = emptyPage(view.room);
  const { tool, facts, context, votes, labels } = request;
  say(page, 'tool', tool.name);
  say(page, 'source', tool.source);
  say(page, 'effect', facts === undefined ? undefined : effectOf(facts));
  say(page, 'principal', context.principal?.id ?? 'nobody was named');
  say(page, 'tenant', context.principal?.tenant);
  say(page, 'roles', context.principal?.roles?.join(', '));
  say(page, 'agent', context.agent);
  say(page, 'session', context.session);
  say(page, 'labels', labels.length === 0 ? undefined : labels.join(', '));
  say(page, 'rule', request.rule);
  say(page, 'reason', request.reason);
  say(page, 'needs', request.requirements.votes.map(describeRequirement).join(' and '));
  for (const vote of votes) say(page, 'answer', answerOf(vote));
  const isEdited = Object.hasOwn(view, 'unedited');
  say(page, 'arguments', isEdited ? `as edited by you; before: ${request.digest}` : request.digest);
  describeValue(page, view.args, 1);
  if (view.hidden) {
    say(page, 'hidden', `${request.hidden.length} in all: ${request.hidden.join(', ')}`);
  }
  if (isEdited) describeEdit(page, view);
  describeLast(page, request, view);
  say(page, 'expires', expiry(request.expiresAt, view.now));
  return page;
}

function say(page: Page, label: string, text: string | undefined): void {
  if (text === undefined) return;
  page.lines.push({ indent: 0, text: label.padEnd(11) + oneLine(page, text) });
  // On a line of its own: beside the text, the text could imitate it.
  const host = hostNote(text);
  if (host !== undefined) page.lines.push({ indent: 0, text: `  ${host}` });
}

function effectOf({ effect, money, capabilities, why }: ApprovalRequest['facts']): string {
  return `${[effect, ...(money ? ['money'] : []), ...capabilities].join(', ')} (${why})`;
}

function answerOf({ verdict, voter = 'the requester', channel, note }: Vote): string {
  const said = note === undefined ? '' : `: ${note}`;
  return `${verdict} by ${voter} through ${channel}${said}`;
}

function describeEdit(page: Page, { unedited, args }: View): void {
  const { changed } = changedFields(unedited, args);
  say(page, 'asked for', changed.length === 0 ? 'the same' : 'with these fields as');
  describeChanged(page, changed);
}

function describeLast(page: Page, { hidden }: ShownRequest, { last, args }: View): void {
  if (last === undefined) return;
  const { changed, of } = changedFields(last.args, args);
  const when = `approved ${utc(last.at)}`;
  const unknown = hidden.length + last.hidden.length > 0 ? '; hidden values not compared' : '';
  if (changed.length === 0) {
    say(page, 'last time', `the same in every field, ${when}${unknown}`);
    return;
  }
  say(page, 'last time', `${changed.length} of ${of} fields differed, ${when}${unknown}`);
  describeChanged(page, changed);
}

function describeChanged(page: Page, changed: Difference['changed']): void {
  for (const field of changed) {
    if (field.kind === 'added') describeAbsent(page, field.name, 'was not there', 1);
    else describeField(page, field.name, field.was, 1);
  }
}
