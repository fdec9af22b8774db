import type { Decision } from '../decision.ts';
import { GuardError } from '../errors.ts';
import type { Steps } from '../steps.ts';
import { admit } from './admit.ts';
import { announce } from './announce.ts';
import { findResumed, openApproval, settleAsk } from './ask.ts';
import { type CallState, eventBase, storedArgs } from './call-state.ts';
import { judge } from './judge.ts';
import { receive, rewriteAndParse } from './receive.ts';
import { denialOf, denied, refuse } from './refuse.ts';
import { type Execute, runBody } from './run-body.ts';

// The one order of things. Each step lives in a file of its own; this file says what follows what.

/** Steps 1 to 5: the verdict. Whatever fails on the way is a denial. */
function* decideCall(state: CallState): Steps<Decision> {
  try {
    receive(state); // 1
    yield* findResumed(state);
    state.parts.events.emit('call', () => ({ ...eventBase(state), args: storedArgs(state) }));
    const { ruling } = state.tool;
    if (typeof ruling === 'object' && ruling.effect === 'deny') return ruling;
    yield* rewriteAndParse(state); // 2
    return yield* judge(state); // 3, 4, 5
  } catch (error) {
    state.failure = error;
    return denialOf(state, error);
  }
}

/** Steps 1 to 10: the whole call. */
export function* runCall(state: CallState, execute: Execute<unknown>): Steps<unknown> {
  try {
    const verdict = yield* decideCall(state); // 1 to 5
    if (verdict.effect === 'deny') throw denied(state, verdict);
    if (verdict.effect === 'ask') announce(state, verdict);
    const settled = yield* settleAsk(state, verdict); // 6
    if (settled.decision.effect === 'deny') throw denied(state, settled.decision);
    const admission = yield* admit(state, settled); // 7
    announce(state, { ...settled.decision, effect: 'allow' });
    return yield* runBody(state, admission, execute); // 8, 9, 10
  } catch (error) {
    if (state.started) throw error;
    throw yield* refuse(state, error);
  } finally {
    state.waiting.end();
  }
}

/** Steps 1 to 5, and where a person has to be asked, the approval is opened but not waited for. */
export function* openCall(state: CallState): Steps<Decision> {
  try {
    const verdict = yield* decideCall(state);
    if (verdict.effect === 'ask') {
      announce(state, verdict);
      yield* openApproval(state, verdict);
    }
    return verdict;
  } catch (error) {
    return denialOf(state, error);
  } finally {
    state.waiting.end();
  }
}

/** Steps 1 to 5 alone, told to listeners like any other check. */
export function* checkCall(state: CallState): Steps<Decision> {
  try {
    const verdict = yield* decideCall(state);
    announce(state, verdict);
    return verdict;
  } finally {
    state.waiting.end();
  }
}

/** Steps 1 to 7 for code that runs the tool itself: returns where it may. */
export function* enforceCall(state: CallState): Steps<void> {
  try {
    const verdict = yield* decideCall(state);
    if (verdict.effect === 'deny') throw denied(state, verdict);
    if (verdict.effect === 'ask') {
      const what = `a person has to approve it (${verdict.reason}); use call(), which asks`;
      throw new GuardError('approval_required', what);
    }
    requireNothing(verdict);
    yield* admit(state, { decision: verdict, approval: undefined });
    announce(state, verdict);
  } catch (error) {
    throw yield* refuse(state, error);
  } finally {
    state.waiting.end();
  }
}
