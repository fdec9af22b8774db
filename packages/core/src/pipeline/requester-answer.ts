import type { Approval } from '../approvals/approval.ts';
import { GuardError } from '../errors.ts';
import type { Steps } from '../steps.ts';
import { approved } from './ask-approvers.ts';
import { callOff } from './call-off.ts';
import type { CallState } from './call-state.ts';
import { refusal } from './refusal.ts';
import { castVote, hasApproved, voteOf } from './vote.ts';

/** Counts what the requester answered through the framework, unless it is in the store already. */
export function* countAnswer(state: CallState, approval: Approval): Steps<Approval> {
  const { input, context } = state;
  if (approval.state !== 'pending' && approval.state !== 'approved') {
    throw refusal(approval.state, approval);
  }
  if (input.answer === 'voted') return approval;
  const { channel, verdict, note } = input.answer ?? { channel: '', verdict: 'deny' };
  const { principal } = context;
  if (verdict === 'approve') {
    const decided = approval.state === 'approved' || hasApproved(approval, principal?.id);
    if (decided) return approval;
    if (approval.edited !== undefined) throw editedSince(approval);
  }
  const vote = voteOf({
    verdict,
    channel,
    ...(note === undefined ? {} : { note }),
    ...(principal === undefined ? {} : { voter: principal.id, roles: principal.roles ?? [] }),
    digest: approval.bindings.digest,
    revealed: true,
  });
  const counted = yield* castVote(state, approval, vote);
  if (counted.bindings.digest !== vote.digest) throw refusal('mismatch', approval);
  return counted;
}

/** Frameworks show a call as it was asked for. */
function editedSince({ aid }: Approval): GuardError {
  return new GuardError(
    'approval_invalid',
    'somebody edited it since it was asked here, so that this answer was to something else; approve it where the edited arguments are shown',
    { aid },
  );
}

/**
 * Nobody has to be asked any more, but what a person answered counts: a denial denies, and an
 * approval is used up, so that it cannot run the call once more.
 */
export function* spend(state: CallState): Steps<Approval | undefined> {
  const { input, resumed } = state;
  if (input.answer === undefined) return undefined;
  if (resumed === undefined) {
    if (input.answer === 'voted') throw unknownApproval();
    if (input.answer.verdict === 'approve') return undefined;
    throw new GuardError(
      'approval_denied',
      'a person denied it; do not call it again with these arguments',
    );
  }
  const answered = yield* countAnswer(state, resumed);
  if (answered.state !== 'pending') return approved(state, answered);
  yield* callOff(state, answered);
  return undefined;
}

/** An answer to what was never asked: a forgery, or another guard's. */
export function unknownApproval(): GuardError {
  return new GuardError(
    'approval_unknown',
    'an approval was claimed that this guard never opened for exactly this call, person and session; create the guard once or share an approval store, and ask again',
  );
}
