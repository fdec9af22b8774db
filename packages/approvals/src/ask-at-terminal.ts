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
import { fieldsOf, grantsOf } from './inbox/read-grant.ts';
import { labelOf } from './label-of.ts';
import type { LastApproved } from './last-approved.ts';
import { foldedRoom, UNFOLDED } from './page.ts';
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

async function answerOf(
  dialog: Dialog,
  { output }: Terminal,
  request: ApprovalRequest,
  last: LastApproved,
): Promise<ApproverAnswer> {
  const before = last.get(request);
  let edited: Fields = {};
  let args = request.args;
  let view: Pick<View, 'room' | 'hidden'> = {
    room: foldedRoom(output.rows),
    hidden: request.hidden.length > 0,
  };

  /** The answer, and what the next difference is shown against. */
  function approve(grant?: GrantOffer): ApproverAnswer {
    const changed = Object.keys(edited).length > 0;
    const shown = changed ? { ...(request.args as Fields), ...edited } : request.args; // records have fields
    last.set(request, { args: shown, hidden: request.hidden, at: Date.now() });
    if (!changed && grant === undefined) return 'approve';
    return {
      verdict: 'approve',
      ...(changed ? { edited } : {}),
      ...(grant === undefined ? {} : { grant }),
    };
  }

  for (;;) {
    const isEdited = Object.keys(edited).length > 0;
    const now = isEdited ? { ...(args as Fields), ...edited } : args; // records have fields
    const page = describeRequest(request, {
      ...view,
      args: now,
      ...(isEdited ? { unedited: args } : {}),
      ...(before === undefined ? {} : { last: before }),
      now: Date.now(),
    });
    dialog.show('Approval needed', page);
    const choice = await dialog.choose(
      question(request.tool.name, isEdited),
      choicesOf(request, view.hidden, page.folded, isEdited),
      // A key that was pressed too early, or twice, must not approve.
      'deny',
    );
    if (choice.kind !== 'answered') return unanswered(choice);
    switch (choice.value) {
      case 'approve':
        return approve();
      case 'deny':
        return 'deny';
      case 'note':
        return denyWithNote(dialog);
      case 'edit': {
        const { editable } = request.requirements;
        const fields = await editAtTerminal(dialog, editable, now as Fields, view.hidden); // only records are offered
        if (fields.kind === 'closed') return unanswered(fields);
        if (fields.kind === 'answered') edited = { ...edited, ...fields.value };
        break;
      }
      case 'undo':
        edited = {};
        break;
      case 'grant': {
        const grant = await grantAtTerminal(dialog, request, now);
        if (grant.kind === 'closed') return unanswered(grant);
        if (grant.kind === 'answered') return approve(grant.value);
        break;
      }
      case 'reveal':
        args = await request.reveal();
        view = { ...view, hidden: false };
        break;
      case 'unfold':
        view = { ...view, room: UNFOLDED };
        break;
    }
  }
}

function question(tool: string, edited: boolean): string {
  const what = edited ? 'these arguments, as edited' : 'exactly these arguments';
  return `Run ${shortName(tool)} once with ${what}?`;
}

function choicesOf(
  { args, requirements }: ApprovalRequest,
  hidden: boolean,
  folded: boolean,
  edited: boolean,
): ReadonlyArray<Option<Choice>> {
  const isRecord = typeof args === 'object' && args !== null && !Array.isArray(args);
  const given: ReadonlyArray<readonly [boolean, Choice, string]> = [
    [hidden, 'reveal', 'Reveal the hidden values (audited)'],
    [!hidden, 'approve', edited ? 'Approve with these changes' : 'Approve'],
    [true, 'deny', 'Deny'],
    [true, 'note', 'Deny with a note'],
    [isRecord && requirements.editable.length > 0, 'edit', 'Edit a field'],
    [edited, 'undo', 'Undo the edits'],
    [!hidden && grantsOf(requirements).length > 0, 'grant', 'Approve and always allow...'],
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
      : [`with ${fieldsOf(edited).map(labelOf).join(' and ')} changed`]),
    ...(grant === undefined ? [] : ['and from now on without asking']),
  ];
}

/** Clack counts the lines of its own message, and can miscount what a terminal draws differently. */
function shortName(tool: string): string {
  return /^[\x20-\x7e]{1,60}$/.test(tool) ? tool : 'this tool';
}
