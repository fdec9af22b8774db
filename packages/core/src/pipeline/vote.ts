import type { Approval, Vote } from '../approvals/approval.ts';
import { GuardError } from '../errors.ts';
import type { Steps } from '../steps.ts';
import { fromStore, readMaybeApproval, readResult } from './approval-store.ts';
import { callOff } from './call-off.ts';
import type { CallState } from './call-state.ts';
import { record } from './record.ts';
import { refusal } from './refusal.ts';

/** How many other votes may come in between reading an approval and voting on it. */
const MAX_CONFLICTS = 100;

/** Writes a vote down and counts it. Another vote in between is no reason to lose this one. */
export function* castVote(state: CallState, approval: Approval, vote: Vote): Steps<Approval> {
  const { parts } = state;
  yield* record(state, state.waiting, {
    kind: 'approval',
    action: `approval.${vote.verdict}`,
    actor: vote.voter ?? 'requester',
    aid: approval.aid,
    digest: vote.digest,
    votes: [parts.redactor.stored(vote)],
  });
  let current = approval;
  for (let tries = 0; current.state === 'pending' && tries < MAX_CONFLICTS; tries += 1) {
    const { aid, version } = current;
    const result = yield* fromStore(
      state,
      () => parts.approvals.vote(aid, vote, version),
      readResult,
    );
    if (result.ok) return result.approval;
    if (result.reason !== 'conflict') throw refusal(result.reason, approval);
    const again = yield* fromStore(state, () => parts.approvals.get(aid), readMaybeApproval);
    if (again === undefined) throw refusal('unknown', approval);
    current = again;
  }
  if (current.state === 'pending') throw refusal('conflict', approval);
  if (current.state !== 'approved' || vote.verdict === 'approve') return current;
  // The others were quicker, and yet nothing has run: one denial denies.
  yield* callOff(state, current);
  throw refusal('denied', current, vote.note);
}

/** The vote as a record that lends nothing from a prototype: an absent voter is nobody. */
export function voteOf(vote: Vote): Vote {
  if (vote.verdict !== 'approve' && vote.verdict !== 'deny') {
    throw new GuardError('approval_invalid', 'an answer has to approve or to deny; ask again');
  }
  return Object.freeze(Object.assign(Object.create(null) as Vote, vote));
}
