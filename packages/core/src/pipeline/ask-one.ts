import type { Approval } from '../approvals/approval.ts';
import type { ApprovalRequest, Approver } from '../approvals/approver.ts';
import { readApproverAnswer } from '../approvals/approver-answer.ts';
import { readGrantOffer } from '../approvals/grant-offer.ts';
import { GuardError } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import { drive, type Steps } from '../steps.ts';
import { type CallState, viewOf } from './call-state.ts';
import { record } from './record.ts';
import { refusal } from './refusal.ts';
import { castEdit, castVote, hasApproved, voteOf } from './vote.ts';

/** Counts an answer on what the approval is by then. */
export type Ballot = (current: Approval) => Steps<Approval>;

/** Why there is no vote. */
export interface Absence {
  readonly absent: string;
}

/** One approver's answer. One that fails or answers nonsense has not voted. */
export async function askOne(
  state: CallState,
  approval: Approval,
  approver: Approver,
  signal: AbortSignal,
): Promise<Ballot | Absence> {
  const { parts } = state;
  const { request, isRevealed } = requestFor(state, approval, approver, signal);
  let given: unknown;
  try {
    given = await approver.ask(request, { signal });
  } catch (error) {
    if (!signal.aborted)
      parts.logger?.warn(`approver "${approver.name}" failed: ${messageOf(error)}`);
    return { absent: `the approver "${approver.name}" failed` };
  }
  const answer = readApproverAnswer(given);
  if ('absent' in answer) return answer;
  const { edited, grant, ...said } = answer;
  const revealed = isRevealed();
  if (said.verdict === 'approve' && request.hidden.length > 0 && !revealed) {
    throw new GuardError(
      'approval_unrevealed',
      `it was approved without looking at ${request.hidden.join(', ')}; reveal hidden values first`,
      { aid: approval.aid },
    );
  }
  const voter = voterOf(approver) ?? state.context.principal;
  const vote = voteOf({
    ...said,
    ...(voter === undefined ? {} : { voter: voter.id, roles: voter.roles ?? [] }),
    ...(grant === undefined ? {} : { grant: readGrantOffer(grant, approval, state.call.confined) }),
    channel: approver.name,
    digest: approval.bindings.digest,
    revealed,
  });
  if (edited === undefined) return (current) => castVote(state, current, vote);
  // Whoever writes a value has it in sight, and the others were, see above.
  const inSight = voteOf({ ...vote, revealed: true });
  return (current) => castEdit(state, current, edited, inSight);
}

/** What the approver is shown, and whether hidden values were looked at. */
function requestFor(
  state: CallState,
  approval: Approval,
  approver: Approver,
  signal: AbortSignal,
): { readonly request: ApprovalRequest; isRevealed(): boolean } {
  const { parts, context, call } = state;
  const { aid, bindings, requirements, rule, expiresAt, labels, votes } = approval;
  // An edit of somebody else is in the arguments already.
  const { value: args, hidden } = parts.redactor.shown(call.confined);
  let revealed = false;
  const request: ApprovalRequest = Object.freeze({
    aid,
    rid: state.rid,
    tool: call.tool,
    facts: call.facts,
    args,
    hidden,
    digest: bindings.digest,
    reason: parts.redactor.text(approval.reason),
    ...(rule === undefined ? {} : { rule }),
    requirements,
    labels,
    votes,
    context,
    expiresAt,
    async reveal() {
      if (signal.aborted) throw refusal('cancelled', approval);
      await drive(
        record(state, state.waiting, {
          kind: 'approval',
          action: 'approval.revealed',
          actor: voterOf(approver)?.id ?? 'requester',
          aid,
          payload: { hidden },
        }),
      );
      revealed = true;
      return viewOf(state).confined;
    },
  });
  return { request, isRevealed: () => revealed };
}

/** Not one that a polluted prototype lends everybody. */
function voterOf({ voter }: Approver): Approver['voter'] {
  const everybody: Partial<Approver> = Object.prototype;
  return voter === everybody.voter ? undefined : voter;
}

/** Whether the approver has agreed to what the approval is by now. */
export function hasAgreed(approval: Approval, approver: Approver, { context }: CallState): boolean {
  return hasApproved(approval, (voterOf(approver) ?? context.principal)?.id);
}
