import type { Approval, ApprovalRefusal } from '../approvals/approval.ts';
import { GuardError, type GuardErrorCode } from '../errors.ts';

const CODE_OF: Readonly<Record<ApprovalRefusal, GuardErrorCode>> = {
  unknown: 'approval_unknown',
  pending: 'approval_required',
  denied: 'approval_denied',
  expired: 'approval_expired',
  cancelled: 'approval_denied',
  consumed: 'approval_consumed',
  conflict: 'approval_store_error',
  mismatch: 'approval_invalid',
};

const WORDS_OF: Readonly<Record<ApprovalRefusal, string>> = {
  unknown: 'there is no such approval; ask again',
  pending: 'the approval is still waiting for an answer',
  denied: 'a person denied it; do not call it again with these arguments',
  expired: 'the approval expired before it was used; ask again',
  cancelled: 'the approval was called off; ask again',
  consumed: 'the approval was used already, and it holds for one call; ask again',
  conflict: 'the approval changed at the same moment; call again',
  mismatch: 'the approval was given for another call, person or session; ask again',
};

/** Why an approval lets nothing run, as an error. */
export function refusal(
  reason: ApprovalRefusal,
  { aid, votes }: Approval,
  said?: string,
): GuardError {
  const note = reason === 'denied' ? (said ?? noteOf(votes)) : undefined;
  const words = note === undefined ? WORDS_OF[reason] : `${WORDS_OF[reason]} (they say: ${note})`;
  return new GuardError(CODE_OF[reason], words, { aid });
}

function noteOf(votes: Approval['votes']): string | undefined {
  return votes.find((vote) => vote.verdict !== 'approve')?.note;
}
