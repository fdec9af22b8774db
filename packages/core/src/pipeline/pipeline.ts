import type { Decision } from '../decision.ts';
import type { Steps } from '../steps.ts';
import { admit } from './admit.ts';
import { announce, announceCall } from './announce.ts';
import {
  findOpen,
  findResumed,
  isSettled,
  openApproval,
  settleAsk,
  unknownApproval,
} from './ask.ts';
import type { CallState } from './call-state.ts';
import { requireBareAllow } from './enforce.ts';
import { judge } from './judge.ts';
import { passGate } from './pass-gate.ts';
import { changesArgs, receive, rewriteAndParse } from './receive.ts';
import { denialOf, denied, refuse } from './refuse.ts';
import { settleLimits } from './reserve.ts';
import { type Execute, runBody } from './run-body.ts';

// The one order of things. Each step lives in a file of its own; this file says what follows what.

/** Steps 1 to 5: the verdict. Whatever fails on the way is a denial. */
function* decideCall(state: CallState, tell: (state: CallState) => void): Steps<Decision> {
  try {
    receive(state); // 1
    if (state.input.answer !== undefined) yield* findResumed(state);
    tell(state);
    const { ruling } = state.tool;
    if (typeof ruling === 'object' && ruling.effect === 'deny') return ruling;
    if (changesArgs(state)) yield* rewriteAndParse(state); // 2
    return yield* judge(state); // 3, 4, 5
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
    const secrets = yield* passGate(state, admission); // 8
    return yield* runBody(state, admission, secrets, execute); // 8, 9, 10
  } catch (error) {
    if (state.admitted) throw error;
    throw yield* refuse(state, error);
  } finally {
    state.waiting.end();
  }
}

/**
 * Steps 1 to 5, and where a person has to be asked, the approval is opened but not waited for. The
 * call itself comes later: listeners are only told of what is opened here, and once.
 */
export function* openCall(state: CallState): Steps<Decision> {
  try {
    const verdict = yield* decideCall(state, () => undefined);
    if (verdict.effect !== 'ask' || (yield* findOpen(state)) !== undefined) return verdict;
    // Whoever could open an approval with the answer to it could approve a forgery of his own.
    if (state.input.answer !== undefined) throw unknownApproval();
    announceCall(state);
    announce(state, verdict);
    yield* openApproval(state, verdict);
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
    if (admission.reserved !== undefined) yield* settleLimits(state, admission.reserved);
  } catch (error) {
    if (state.admitted) throw error;
    throw yield* refuse(state, error);
  } finally {
    state.waiting.end();
  }
}
