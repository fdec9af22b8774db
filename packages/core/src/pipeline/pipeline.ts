import type { Decision } from '../decision.ts';
import type { GuardError } from '../errors.ts';
import type { Steps } from '../steps.ts';
import type { Approval } from '../approvals/approval.ts';
import { admit } from './admit.ts';
import { announce, announceCall } from './announce.ts';
import { resolved } from './ask-approvers.ts';
import { isSettled, settleAsk } from './ask.ts';
import type { CallState } from './call-state.ts';
import { requireBareAllow } from './enforce.ts';
import { findOpen, findResumed } from './find-approval.ts';
import { followEnd, readFlow } from './follow-flow.ts';
import { judge } from './judge.ts';
import { openApproval } from './open-approval.ts';
import { passGate } from './pass-gate.ts';
import { receive } from './receive.ts';
import { changesArgs, rewriteAndParse } from './rewrite.ts';
import { denialOf, denied, refuse, refused } from './refuse.ts';
import { refusal } from './refusal.ts';
import { countAnswer, unknownApproval } from './requester-answer.ts';
import { settleLimits } from './reserve.ts';
import type { Execute } from './attempt.ts';
import { runBody } from './run-body.ts';
import { answerByGrant, keepGrant } from './standing-grant.ts';

// The one order of things. Each step lives in a file of its own; this file says what follows what.

/** Steps 1 to 5: the verdict. Whatever fails on the way is a denial. */
function* decideCall(state: CallState, tell: (state: CallState) => void): Steps<Decision> {
  try {
    receive(state); // 1
    if (state.input.answer !== undefined) yield* findResumed(state);
    tell(state);
    // What was said is heard whatever is decided.
    if (state.parts.dataFlow !== undefined) yield* readFlow(state);
    const { ruling } = state.tool;
    if (typeof ruling === 'object' && ruling.effect === 'deny') return ruling;
    if (changesArgs(state)) yield* rewriteAndParse(state); // 2
    const verdict = yield* judge(state); // 3, 4, 5
    // What a person answers now goes before what was answered for later.
    return state.input.answer === undefined ? yield* answerByGrant(state, verdict) : verdict;
  } catch (error) {
    state.failure = error;
    return denialOf(state, error);
  }
}

/** Steps 1 to 10: the whole call. */
export function* runCall(state: CallState, execute: Execute<unknown>): Steps<unknown> {
  try {
    const verdict = yield* decideCall(state, announceCall); // 1 to 5
    if (verdict.effect === 'deny') throw denied(state, verdict);
    const settled = isSettled(state, verdict)
      ? { decision: verdict, approval: undefined }
      : yield* settleAsk(state, verdict); // 6
    if (settled.decision.effect === 'deny') throw denied(state, settled.decision);
    const admission = yield* admit(state, settled); // 7
    announce(state, settled.decision);
    yield* keepGrant(state, settled.approval);
    const secrets = yield* passGate(state, admission); // 8
    return yield* runBody(state, admission, secrets, execute); // 8, 9, 10
  } catch (error) {
    if (state.admitted) throw error;
    throw state.suspended ? refused(state, error) : yield* refuse(state, error);
  } finally {
    state.waiting.end();
  }
}

/** The verdict on a call that comes later, and the approval that is open for it. */
export interface Opened {
  readonly decision: Decision;
  /** Only for an ask. */
  readonly approval: Approval | undefined;
}

/**
 * Steps 1 to 5, and where a person has to be asked, the approval is opened but not waited for. The
 * call itself comes later: listeners are only told of what is opened here, and once. A denial is
 * written down only if it is final, since a call that comes all the same is denied and logged then.
 */
export function* openCall(state: CallState, final: boolean): Steps<Opened> {
  let received = false;
  try {
    const decision = yield* decideCall(state, () => {
      received = true;
    });
    if (decision.effect === 'deny' && final) throw denied(state, decision);
    if (decision.effect !== 'ask') return opened(state, decision);
    const open = yield* findOpen(state);
    if (open !== undefined) return opened(state, decision, open);
    // Whoever could open an approval with the answer to it could approve a forgery of his own.
    if (state.input.answer !== undefined) throw answeredAlready(state);
    announceCall(state);
    announce(state, decision);
    return opened(state, decision, yield* openApproval(state, decision));
  } catch (error) {
    const decision = state.denial ?? denialOf(state, error);
    if (final && received) announceCall(state);
    if (final) yield* refuse(state, error);
    return opened(state, decision);
  } finally {
    state.waiting.end();
  }
}

/** Frameworks show reasons to models and clients. */
function opened({ parts }: CallState, decision: Decision, approval?: Approval): Opened {
  const reason = parts.redactor.text(decision.reason);
  return { decision: Object.freeze({ ...decision, reason }), approval };
}

/** An answer to what was never asked, or is over. */
function answeredAlready({ resumed }: CallState): GuardError {
  return resumed === undefined || resumed.state === 'approved'
    ? unknownApproval()
    : refusal(resumed.state, resumed);
}

/** The requester's vote on the approval that is open for a call; the call itself comes later. */
export function* voteOnCall(state: CallState): Steps<Approval> {
  try {
    receive(state); // 1
    yield* findResumed(state);
    if (state.resumed === undefined) throw unknownApproval();
    return resolved(state, yield* countAnswer(state, state.resumed));
  } catch (error) {
    throw refused(state, error);
  } finally {
    state.waiting.end();
  }
}

/** Steps 1 to 5 alone, told to listeners like any other check. */
export function* checkCall(state: CallState): Steps<Decision> {
  try {
    const verdict = yield* decideCall(state, announceCall);
    announce(state, verdict);
    return verdict;
  } finally {
    state.waiting.end();
  }
}

/** Steps 1 to 8 for code that runs the tool itself: returns where it may start. */
export function* enforceCall(state: CallState): Steps<void> {
  try {
    const verdict = yield* decideCall(state, announceCall);
    if (verdict.effect === 'deny') throw denied(state, verdict);
    requireBareAllow(verdict);
    const admission = yield* admit(state, { decision: verdict, approval: undefined });
    announce(state, verdict);
    yield* passGate(state, admission);
    followEnd(state);
    if (admission.reserved !== undefined) yield* settleLimits(state, admission.reserved);
  } catch (error) {
    if (state.admitted) throw error;
    throw yield* refuse(state, error);
  } finally {
    state.waiting.end();
  }
}
