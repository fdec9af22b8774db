import type { Approval, ApprovalRefusal, ApprovalResult, Vote } from '../approvals/approval.ts';
import { editOf } from '../approvals/edit.ts';
import { isNamed } from '../approvals/count-votes.ts';
import { describeRequirements } from '../approvals/requirements.ts';
import { cutText } from '../cut-text.ts';
import { GuardError } from '../errors.ts';
import { snapshot } from '../snapshot.ts';
import type { MaybePromise, Steps } from '../steps.ts';
import { fromStore, readMaybeApproval, readResult } from './approval-store.ts';
import { callOff } from './call-off.ts';
import type { CallState } from './call-state.ts';
import { record } from './record.ts';
import { refusal } from './refusal.ts';

/** How many other votes may come in between reading an approval and voting on it. */
const MAX_CONFLICTS = 100;

/** Longer than anybody reads, and short enough for every log and model. */
const LONGEST_NOTE = 2000;

/** Writes a vote down and counts it. Another vote in between is no reason to lose this one. */
export function* castVote(state: CallState, approval: Approval, vote: Vote): Steps<Approval> {
  const { approvals } = state.parts;
  yield* recordVote(state, approval, `approval.${vote.verdict}`, vote);
  const counted = yield* count(state, approval, vote, ({ aid, version }) =>
    approvals.vote(aid, vote, version),
  );
  if (counted.state !== 'approved' || vote.verdict === 'approve') return counted;
  // The others were quicker, and yet nothing has run: one denial denies.
  yield* callOff(state, counted);
  throw refusal('denied', counted, vote.note);
}

/** The same for a vote for other arguments. Of two edits at once only the first counts. */
export function* castEdit(
  state: CallState,
  approval: Approval,
  given: Readonly<Record<string, unknown>>,
  vote: Vote,
): Steps<Approval> {
  const { approvals, redactor, argumentLimits } = state.parts;
  const fields = snapshot(given, argumentLimits).value as typeof given; // a copy of it
  const edit = editOf(approval, fields, vote, redactor);
  if (!isNamed(approval.requirements, edit.vote, approval.bindings.principal)) {
    throw new GuardError(
      'approval_invalid',
      `nobody changes what others have to approve: it needs ${describeRequirements(approval.requirements)}; ask again`,
      { aid: approval.aid },
    );
  }
  yield* recordVote(state, approval, 'approval.edited', edit.vote);
  return yield* count(state, approval, edit.vote, ({ aid, version }) =>
    approvals.edit(aid, edit, version),
  );
}

function* recordVote(state: CallState, { aid }: Approval, action: string, vote: Vote): Steps<void> {
  yield* record(state, state.waiting, {
    kind: 'approval',
    action,
    actor: vote.voter ?? 'requester',
    aid,
    digest: vote.digest,
    votes: [state.parts.redactor.stored(vote)],
  });
}

function* count(
  state: CallState,
  approval: Approval,
  vote: Vote,
  cast: (current: Approval) => MaybePromise<ApprovalResult>,
): Steps<Approval> {
  const { approvals } = state.parts;
  let current = approval;
  for (let tries = 0; current.state === 'pending' && tries < MAX_CONFLICTS; tries += 1) {
    const result = yield* fromStore(state, () => cast(current), readResult);
    if (result.ok) return result.approval;
    if (result.reason !== 'conflict') {
      yield* notCounted(state, approval, vote, LOST_BY[result.reason]);
      throw refusal(result.reason, approval);
    }
    const again = yield* fromStore(state, () => approvals.get(approval.aid), readMaybeApproval);
    if (again === undefined) {
      yield* notCounted(state, approval, vote, 'unknown');
      throw refusal('unknown', approval);
    }
    // It was edited meanwhile: this answer was to something else, and what it is now is asked anew.
    if (again.bindings.digest !== approval.bindings.digest) {
      yield* notCounted(state, approval, vote, 'changed');
      return again;
    }
    current = again;
  }
  if (current.state === 'pending') {
    yield* notCounted(state, approval, vote, 'conflict');
    throw refusal('conflict', approval);
  }
  // A denial still counts for what was approved.
  const isLost = vote.verdict === 'approve' || current.state !== 'approved';
  if (isLost) yield* notCounted(state, approval, vote, 'decided');
  return current;
}

/** Why a vote that was written down did not count, in the words of an inbox. */
type Lost = 'unknown' | 'decided' | 'changed' | 'conflict';

const LOST_BY: Readonly<Record<ApprovalRefusal, Lost>> = {
  unknown: 'unknown',
  pending: 'conflict',
  denied: 'decided',
  expired: 'decided',
  cancelled: 'decided',
  consumed: 'decided',
  conflict: 'conflict',
  mismatch: 'changed',
};

function* notCounted(
  state: CallState,
  { aid }: Approval,
  { voter: actor = 'requester' }: Vote,
  reason: Lost,
): Steps<void> {
  yield* record(state, state.waiting, {
    kind: 'approval',
    action: 'approval.not-counted',
    actor,
    aid,
    reason,
  });
}

/** The vote as a record that lends nothing from a prototype: an absent voter is nobody. */
export function voteOf(vote: Vote): Vote {
  if (vote.verdict !== 'approve' && vote.verdict !== 'deny') {
    throw new GuardError('approval_invalid', 'an answer has to approve or to deny; ask again');
  }
  const cut = vote.note === undefined ? {} : { note: cutText(vote.note, LONGEST_NOTE) };
  return Object.freeze(Object.assign(Object.create(null) as Vote, vote, cut));
}

/** Whether this person has agreed to what the approval is by now: the same again counts no more. */
export function hasApproved({ votes }: Approval, voter: string | undefined): boolean {
  return votes.some((vote) => vote.verdict === 'approve' && vote.voter === voter);
}
