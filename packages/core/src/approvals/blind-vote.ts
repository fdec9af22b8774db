import type { Approval, Vote } from './approval.ts';

/** An approving vote of somebody who has not seen what is hidden: it came from where nobody could look. */
export function blindVote({ hidden, votes }: Approval): Vote | undefined {
  if (hidden.length === 0) return undefined;
  return votes.find(({ verdict, revealed }) => verdict === 'approve' && revealed !== true);
}
