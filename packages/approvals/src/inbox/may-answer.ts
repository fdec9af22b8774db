import { type Approval, isNamed, unmet, type Vote, type VoteRequirement } from '@guardstile/core';

import type { ApprovalView } from './approval-view.ts';
import { type InboxRefusal, refuse } from './inbox-refusal.ts';
import type { Voter } from './voter.ts';

/** Why the voter's approval would not count, if it would not. */
export function whyNotApprove(approval: ApprovalView, voter: Voter): InboxRefusal | undefined {
  const { requirements, votes, bindings } = approval;
  const open = requirements.votes.filter(
    (one) => unmet({ ...requirements, votes: [one] }, votes, bindings.principal) !== undefined,
  );
  return unlessCounted(approval, open, voter) ?? unlessNew(approval, voter);
}

/** Why the voter's edit would not count, if it would not. Earlier votes do not after an edit. */
export function whyNotEdit(approval: ApprovalView, voter: Voter): InboxRefusal | undefined {
  return unlessCounted(approval, approval.requirements.votes, voter);
}

/** Why the voter has no say at all, if he has none: whoever could approve may deny, and so may the requester. */
export function whyNotAnswer(approval: ApprovalView, voter: Voter): InboxRefusal | undefined {
  if (voter.id === approval.bindings.principal) return undefined;
  return unlessCounted(approval, approval.requirements.votes, voter);
}

function unlessCounted(
  { bindings, requirements }: ApprovalView,
  among: readonly VoteRequirement[],
  voter: Voter,
): InboxRefusal | undefined {
  const vote = voteBy(voter, bindings.digest);
  if (isNamed({ ...requirements, votes: among }, vote, bindings.principal)) return undefined;
  if (voter.id === bindings.principal) return refuse('own-request', requirements);
  return refuse('not-named', requirements);
}

function unlessNew({ votes }: ApprovalView, { id }: Voter): InboxRefusal | undefined {
  const again = votes.some(({ voter, verdict }) => voter === id && verdict === 'approve');
  return again ? refuse('voted-already') : undefined;
}

function voteBy({ id, roles = [] }: Voter, digest: Approval['bindings']['digest']): Vote {
  return { verdict: 'approve', voter: id, roles, channel: '', digest };
}
