import {
  type ApprovalRequest,
  type ApproverAnswer,
  type GrantOffer,
  visible,
} from '@guardstile/core';

import { clackDialog } from './clack-dialog.ts';
import { describeRequest, type View } from './describe-request.ts';
import type { Dialog, Option } from './dialog.ts';
import { editAtTerminal } from './edit-at-terminal.ts';
import { grantAtTerminal } from './grant-at-terminal.ts';
import { labelOf } from './label-of.ts';
import type { ApprovedBefore, LastApproved } from './last-approved.ts';
import { offeredGrants } from './offered-grants.ts';
import { foldedRoom, type Room, UNFOLDED } from './page.ts';
import { plainDialog } from './plain-dialog.ts';
import { isDumb, type Terminal } from './terminal.ts';

type Choice = 'approve' | 'deny' | 'note' | 'edit' | 'undo' | 'grant' | 'reveal' | 'unfold';

/**
 * Shows the request and waits for the person's answer. Leaving the prompt is a denial; where nobody
 * can answer any more, it abstains.
 *
 * @throws the signal's reason when it aborts.
 */
export async function askAtTerminal(
  terminal: Terminal,
  request: ApprovalRequest,
  signal: AbortSignal,
  last: LastApproved,
): Promise<ApproverAnswer> {
  const dialog = isDumb() ? plainDialog(terminal, signal) : clackDialog(terminal, signal);
  try {
    const answer = await answerOf(dialog, terminal, request, last);
    dialog.end(wordsOf(answer));
    return answer;
  } catch (error) {
    dialog.end(
      signal.aborted
        ? 'The call does not wait for this answer any longer.'
        : 'Not answered: the prompt failed.',
    );
    throw error;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** What the person has done with the request so far. */
interface Look {
  readonly room: Room;
  /** Whether values are still hidden. */
  readonly hidden: boolean;
  /** The arguments, revealed or not. */
  readonly args: unknown;
  readonly edited: Fields;
}

/** An answer, or another look at the request. */
type Next = { readonly answer: ApproverAnswer } | { readonly look: Look };

async function answerOf(
  dialog: Dialog,
  { output }: Terminal,
  request: ApprovalRequest,
  last: LastApproved,
): Promise<ApproverAnswer> {
  const before = last.get(request);
  let look: Look = {
    room: foldedRoom(output.rows),
    hidden: request.hidden.length > 0,
    args: request.args,
    edited: {},
  };
  for (;;) {
    const page = describeRequest(request, viewOf(look, before));
    dialog.show('Approval needed', page);
    const isEdited = hasFields(look.edited);
    const choice = await dialog.choose(
      question(request.tool.name, isEdited),
      choicesOf(request, look.hidden, page.folded, isEdited),
      // A key that was pressed too early, or twice, must not approve.
      'deny',
    );
    if (choice.kind !== 'answered') return unanswered(choice);
    const next = await follow(choice.value, dialog, request, look);
    if ('look' in next) {
      ({ look } = next);
      continue;
    }
    if (isApproval(next.answer)) {
      const args = withEdits(request.args, look.edited);
      last.set(request, { args, hidden: request.hidden, at: Date.now() });
    }
    return next.answer;
  }
}

async function follow(
  choice: Choice,
  dialog: Dialog,
  request: ApprovalRequest,
  look: Look,
): Promise<Next> {
  const { args, edited } = look;
  switch (choice) {
    case 'approve':
      return { answer: approval(edited) };
    case 'deny':
      return { answer: 'deny' };
    case 'note':
      return { answer: await denyWithNote(dialog) };
    case 'edit': {
      const { editable } = request.requirements;
      const now = withEdits(args, edited) as Fields; // only records are offered to be edited
      const fields = await editAtTerminal(dialog, editable, now, look.hidden);
      if (fields.kind === 'closed') return { answer: unanswered(fields) };
      const more = fields.kind === 'answered' ? fields.value : {};
      return { look: { ...look, edited: { ...edited, ...more } } };
    }
    case 'undo':
      return { look: { ...look, edited: {} } };
    case 'grant': {
      const grant = await grantAtTerminal(dialog, request, withEdits(args, edited));
      if (grant.kind === 'closed') return { answer: unanswered(grant) };
      if (grant.kind === 'cancelled') return { look };
      return { answer: approval(edited, grant.value) };
    }
    case 'reveal':
      return { look: { ...look, args: await request.reveal(), hidden: false } };
    case 'unfold':
      return { look: { ...look, room: UNFOLDED } };
  }
}

function viewOf({ room, hidden, args, edited }: Look, last: ApprovedBefore | undefined): View {
  return {
    room,
    hidden,
    args: withEdits(args, edited),
    ...(hasFields(edited) ? { unedited: args } : {}),
    ...(last === undefined ? {} : { last }),
    now: Date.now(),
  };
}

function hasFields(edited: Fields): boolean {
  return Object.keys(edited).length > 0;
}

function withEdits(args: unknown, edited: Fields): unknown {
  return hasFields(edited) ? { ...(args as Fields), ...edited } : args; // only records are edited
}

function approval(edited: Fields, grant?: GrantOffer): ApproverAnswer {
  const changes = hasFields(edited) ? { edited } : {};
  if (grant !== undefined) return { verdict: 'approve', ...changes, grant };
  return hasFields(edited) ? { verdict: 'approve', ...changes } : 'approve';
}

function isApproval(answer: ApproverAnswer): boolean {
  return answer === 'approve' || (typeof answer === 'object' && answer.verdict === 'approve');
}

function question(tool: string, edited: boolean): string {
  const what = edited ? 'these arguments, as edited' : 'exactly these arguments';
  return `Run ${shortName(tool)} once with ${what}?`;
}

function choicesOf(
  request: ApprovalRequest,
  hidden: boolean,
  folded: boolean,
  edited: boolean,
): ReadonlyArray<Option<Choice>> {
  const { args, requirements } = request;
  const isRecord = typeof args === 'object' && args !== null && !Array.isArray(args);
  const given: ReadonlyArray<readonly [boolean, Choice, string]> = [
    [hidden, 'reveal', 'Reveal the hidden values (audited)'],
    [!hidden, 'approve', edited ? 'Approve with these changes' : 'Approve'],
    [true, 'deny', 'Deny'],
    [true, 'note', 'Deny with a note'],
    [isRecord && requirements.editable.length > 0, 'edit', 'Edit a field'],
    [edited, 'undo', 'Undo the edits'],
    [!hidden && offeredGrants(request).length > 0, 'grant', 'Approve and always allow...'],
    [folded, 'unfold', 'Show everything that is folded'],
  ];
  return given.flatMap(([offered, value, label]) => (offered ? [{ value, label }] : []));
}

async function denyWithNote(dialog: Dialog): Promise<ApproverAnswer> {
  const note = await dialog.text('What should the agent be told?');
  if (note.kind !== 'answered') return unanswered(note);
  const words = note.value.trim();
  return words === '' ? 'deny' : { verdict: 'deny', note: words };
}

function unanswered({ kind }: { readonly kind: 'cancelled' | 'closed' }): ApproverAnswer {
  return kind === 'cancelled'
    ? { verdict: 'deny', note: 'the prompt was left with Ctrl+C or Escape' }
    : { verdict: 'abstain', note: 'the terminal was closed before anybody answered' };
}

const WORDS = { approve: 'Approved', deny: 'Denied', abstain: 'Not answered' } as const;

function wordsOf(answer: ApproverAnswer): string {
  if (typeof answer === 'string') return `${WORDS[answer]}.`;
  const { verdict, note } = answer;
  const more = verdict === 'approve' ? approvedWith(answer) : [];
  const word = [WORDS[verdict], ...more].join(', ');
  return note === undefined ? `${word}.` : `${word}: ${visible(note)}`;
}

function approvedWith({
  edited,
  grant,
}: Extract<ApproverAnswer, { readonly verdict: 'approve' }>): readonly string[] {
  return [
    ...(edited === undefined
      ? []
      : [`with ${Object.keys(edited).map(labelOf).join(' and ')} changed`]),
    ...(grant === undefined ? [] : ['and from now on without asking']),
  ];
}

/** Clack counts the lines of its own message, and can miscount what a terminal draws differently. */
function shortName(tool: string): string {
  return /^[\x20-\x7e]{1,60}$/.test(tool) ? tool : 'this tool';
}
