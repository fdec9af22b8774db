import type { Approval } from '../approvals/approval.ts';
import { blindVote } from '../approvals/blind-vote.ts';
import { editedDigest } from '../approvals/edit.ts';
import { unmet } from '../approvals/count-votes.ts';
import {
  describeRequirements,
  escalate,
  expiryOf,
  type Requirements,
} from '../approvals/requirements.ts';
import { allow, type AllowDecision, type AskDecision, type Decision } from '../decision.ts';
import { GuardError } from '../errors.ts';
import type { Steps } from '../steps.ts';
import { announce } from './announce.ts';
import { approved, askable, askApprovers, leftOpen } from './ask-approvers.ts';
import { callOff } from './call-off.ts';
import type { CallState } from './call-state.ts';
import { applyEdit } from './edit.ts';
import { findIdentical, findOpen } from './find-approval.ts';
import { judgeAgain } from './judge.ts';
import { openApproval } from './open-approval.ts';
import { record } from './record.ts';
import { denied } from './refuse.ts';
import { countAnswer, spend, unknownApproval } from './requester-answer.ts';

/** How often an approval may turn out not to be enough before the call is given up. */
const MAX_ROUNDS = 3;

/** A decision under which the call may run, and the approval to consume first, if one was needed. */
export interface Settled {
  readonly decision: Decision;
  readonly approval: Approval | undefined;
}

/** Whether nobody has to be asked, and nobody has answered. */
export function isSettled({ input }: CallState, { effect }: Decision): boolean {
  return effect === 'allow' && input.answer === undefined;
}

/** Step 6: asks, and decides again with what was answered. */
export function* settleAsk(state: CallState, first: AllowDecision | AskDecision): Steps<Settled> {
  if (first.effect === 'allow') return { decision: first, approval: yield* spend(state) };
  let decision = first;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    // The ask that the framework comes back with an answer to was told when it was opened.
    if (round > 0 || state.resumed === undefined) announce(state, decision);
    const approval = yield* obtain(state, decision, round);
    const next = yield* decideAgain(state, approval);
    if (next.effect !== 'ask') return { decision: next, approval };
    requireRevealed(approval);
    if (suffices(approval, next.requirements))
      return { decision: allowedBy(approval, next), approval };
    yield* callOff(state, approval);
    decision = next;
  }
  throw new GuardError(
    'approval_invalid',
    'the policy asked for more each time it was answered; the call is given up',
  );
}

/** An ask that was answered: what was a reason to ask is none to allow. */
function allowedBy(
  { votes }: Approval,
  { policy, rule, obligations, limits, conditions }: AskDecision,
): Decision {
  const who = votes.map(({ voter = 'the requester', channel }) => `${voter} through ${channel}`);
  const extras = { ...(rule === undefined ? {} : { rule }), obligations, limits, conditions };
  return allow(policy, `approved by ${who.join(' and ')}`, extras);
}

/** An approval with every vote it needs. */
function* obtain(state: CallState, decision: AskDecision, round: number): Steps<Approval> {
  const { resumed, parts } = state;
  if (round === 0 && resumed !== undefined)
    return approved(state, yield* countAnswer(state, resumed));
  // Nobody in this process is bothered with an answer to what was never asked.
  if (round === 0 && state.input.answer !== undefined) throw unknownApproval();
  const asked = askable(state, decision.requirements).length > 0;
  if (asked || parts.asks !== 'refuse') {
    const open = yield* openOne(state, decision, round);
    yield* takeEdit(state, open);
    if (open.state === 'approved') return open;
    if (!asked && parts.asks === 'suspend') throw leftOpen(state, open, decision.reason);
    return yield* askAll(state, open);
  }
  // Whoever asked before, the framework or another process, can ask for the new requirements too.
  const reopened =
    resumed === undefined
      ? undefined
      : ((yield* findOpen(state, round)) ?? (yield* openApproval(state, decision, round)));
  throw nobody(decision, reopened);
}

/** What waits in a store is asked once, however often an agent makes the same call meanwhile. */
function* openOne(state: CallState, decision: AskDecision, round: number): Steps<Approval> {
  if (state.parts.asks === 'refuse' || round > 0) {
    return yield* openApproval(state, decision, round);
  }
  // What was opened for this very call is found by its key, whatever a person made of its arguments.
  const same = (yield* findOpen(state)) ?? (yield* findIdentical(state));
  return same ?? (yield* openApproval(state, decision));
}

/** Asks until it is approved. What a person changed is decided on before the others are asked. */
function* askAll(state: CallState, open: Approval): Steps<Approval> {
  let approval = open;
  while (approval.state === 'pending') {
    const before = approval;
    approval = yield* askApprovers(state, before);
    if (approval.escalated !== before.escalated) yield* recordEscalation(state, approval);
    yield* takeEdit(state, approval);
  }
  return approval;
}

function* recordEscalation(state: CallState, { aid, requirements }: Approval): Steps<void> {
  yield* record(state, state.waiting, {
    kind: 'approval',
    action: 'approval.escalated',
    aid,
    requirements,
  });
}

function* takeEdit(state: CallState, approval: Approval): Steps<void> {
  const { edited } = approval;
  if (edited === undefined) return;
  if (state.edited !== undefined && editedDigest(edited) === editedDigest(state.edited)) return;
  try {
    yield* applyEdit(state, edited);
  } catch (error) {
    yield* callOff(state, approval);
    throw error;
  }
  const decision = yield* decideAgain(state, approval);
  if (decision.effect === 'deny') throw denied(state, decision);
}

function* decideAgain(state: CallState, approval: Approval): Steps<Decision> {
  let decision: Decision | undefined;
  try {
    decision = yield* judgeAgain(state);
    return decision;
  } finally {
    // Nobody but this call can use an approval that was given in this process.
    const lost = decision === undefined || decision.effect === 'deny';
    if (lost && approval.aid !== state.resumed?.aid) yield* callOff(state, approval);
  }
}

/** Votes of other processes come from a store that knows nothing of what is hidden. */
function requireRevealed(approval: Approval): void {
  const vote = blindVote(approval);
  if (vote === undefined) return;
  throw new GuardError(
    'approval_unrevealed',
    `${vote.voter ?? 'the requester'} approved it without looking at ${approval.hidden.join(', ')}; reveal hidden values first and ask again`,
    { aid: approval.aid },
  );
}

/** Whether what was approved is enough for what is required by now. */
function suffices(
  { votes, bindings, createdAt, expiresMs: given, escalated }: Approval,
  required: Requirements,
): boolean {
  const now = escalated === true ? escalate(required) : required;
  if (unmet(now, votes, bindings.principal) !== undefined) return false;
  const expiresMs = expiryOf(now) ?? Number.POSITIVE_INFINITY;
  // The store watches over the time it was given; only a shorter one is news.
  return expiresMs >= given || createdAt + expiresMs > Date.now();
}

function nobody({ requirements, reason }: AskDecision, reopened: Approval | undefined): GuardError {
  const needed = describeRequirements(requirements);
  if (reopened !== undefined) {
    const what = `the policy asks for more than was approved: it needs ${needed} (${reason}); answer again`;
    return new GuardError('approval_required', what, { aid: reopened.aid });
  }
  return new GuardError(
    'approval_required',
    `it needs ${needed} (${reason}), and nobody can be asked here; pass createGuard({ approver }), let the framework ask, or keep it open with asks: 'suspend'`,
  );
}
